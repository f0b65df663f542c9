"""Static files under names that carry their content's hash, so that browsers keep them for good."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class Static(CompressedManifestStaticFilesStorage):
    """Hashed names inside stylesheets and JavaScript modules too, each file also compressed beside itself."""

    support_js_module_import_aggregation = True
