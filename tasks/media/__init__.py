"""Clients' files: what each is, by its content alone, and how it is written again before anybody sees it.

Knows nothing of jobs or of Django. `apart.run` hands a file to a process of its own, which decodes it, bounded in
memory and time, knowing no secret and no database; what comes back are new files and facts about them:

    image   WebP or JPEG, upright, without metadata, and a smaller WebP for phones; facts: width, height (pixels)
    sound   Ogg with Opus, two channels where they differ; facts: seconds, channels, peaks (the loudest of each piece,
            0 to 100)
    cloud   16-bit x, y, z of every point, then a byte of reflectance of each; facts: points, scale (metres for a
            step), centre (metres), low and high (its bounds, metres)
    video   its frames as WebP, one after the other, at most a hundred; facts: seconds, every (seconds between frames),
            width, height (pixels of a frame), video_width, video_height (of the video, upright), frames (of each its
            second, where it starts, how many bytes it has)
    archive its members, each a file to be looked at again
"""
