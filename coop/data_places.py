"""In which columns the data of each use lie (N8), and the tables that hold nothing about people.

Every column of the database stands in one of the two, but keys that a table numbers its own rows with (`id`). A test
compares this with the models and with what each field's privacy says; the audit, with a database and its votes.
"""

from collections.abc import Iterator, Mapping

PLACES: Mapping[str, Mapping[str, str]] = {
    "account": {
        "people_person": "name email password language country time_zone display_currency joined_at last_login",
        "account_emailaddress": "user_id email verified primary",
        "account_emailconfirmation": "email_address_id created sent key",
    },
    "sign_in": {
        "django_session": "session_key session_data expire_date",
        "coop_cache": "cache_key value expires",
    },
    "address": {
        "people_addresschange": "person_id old_address new_address asked_at told_at confirmed_at stopped_at done_at"
    },
    "letters": {
        "governance_letterwish": "person_id proposals replies reminders quiet_from quiet_until",
        "governance_letter": "person_id kind subject made_at claimed_at sent_at",
    },
    "errands": {
        "procrastinate_jobs": "queue_name task_name priority lock args status scheduled_at attempts queueing_lock"
        " abort_requested worker_id",
        "procrastinate_events": "job_id type at",
    },
    "standing": {
        "governance_standing": "person_id status since rule recorded_by_id mandate_id",
        "tasks_answer": "seconds",
    },
    "leaving": {"governance_resignation": "person_id pressure given_at due_at taken_back_at"},
    "openings": {
        "people_person": "country",
        "tasks_assignment": "person_id state claimed_at",
        "tasks_sitting": "skill_id person_id terms_id drawn needed answered correct begun_at ended_at",
    },
    "work": {
        "tasks_assignment": "task_id job_id person_id slot rate_id fee_version_id card_id pay fee state claimed_at"
        " expires_at submitted_at team_id",
        "tasks_draft": "assignment_id value saved_at written_by_id",
        "tasks_ratecard": "digest body",
        "tasks_task": "job_id position data prediction open_slots",
    },
    "answers": {
        "tasks_answer": "assignment_id number value key at digest",
        "tasks_assignment": "accept_by decided_at",
        "tasks_review": "assignment_id reviewer_id decision ground reason place at",
        "tasks_tip": "assignment_id amount at",
        "tasks_extension": "assignment_id from_at until at",
        "tasks_handover": "stage_id source_id assignment_id task_id problem at",
        "tasks_apart": "task_id source_id",
    },
    "teams": {
        "tasks_team": "job_id proposed_by_id at began_at ended_at ended_by_id",
        "tasks_teammember": "team_id person_id percent consent consented_at",
        "tasks_teamnote": "assignment_id person_id words at",
        "tasks_teamdraft": "assignment_id person_id value saved_at",
    },
    "guides": {
        "tasks_question": "assignment_id words asked_at",
        "tasks_reply": "question_id version_id words",
        "tasks_reading": "version_id person_id pay at",
    },
    "checks": {"tasks_check": "assignment_id person_id pay state taken_at until ended_at"},
    "agreement": {"tasks_reliability": "job_id person_id answers agreed errors"},
    "engaged_time": {"tasks_answer": "seconds", "tasks_span": "assignment_id from_at to_at told noted_at person_id"},
    "pilots": {
        "tasks_pilot": "job_id units people median_seconds least_pay measured_at",
        "tasks_rescoping": "job_id at",
    },
    "shortfalls": {
        "tasks_shortfall": "job_id units people median_seconds floor pay least_pay at made_up_at",
        "tasks_difference": "shortfall_id assignment_id amount",
    },
    "onboarding": {"tasks_answer": "value", "tasks_task": "gold", "tasks_job": "is_onboarding pass_mark"},
    "disputes": {
        "tasks_dispute": "assignment_id looks_for reason place opened_at decide_by",
        "tasks_finding": "peer_id stands reason pay found_at",
        "tasks_settlement": "dispute_id stands by_time settled_at",
    },
    "peers": {"tasks_peer": "dispute_id person_id rank seated_at decide_by"},
    "shares": {"tasks_reserve": "job_id person_id units until"},
    "alerts": {
        "tasks_alertwish": "person_id wanted kinds least_hourly from_hour until_hour most_a_day at",
        "tasks_alert": "person_id job_id at",
    },
    "content_choices": {"tasks_contentchoice": "person_id topics minutes at"},
    "content_reports": {"tasks_report": "task_id person_id words topic at"},
    "pay": {
        "payments_account": "code kind currency balance floor ceiling tracked",
        "payments_transfer": "key journal kind debit_id credit_id amount ref reverses_id occurred_at posted_at",
        "payments_payout": "person_id amount currency rail quote_id details_id method run_id state reference key"
        " requested_at sent_by_id sent_at settled_by_id settled_at",
        "payments_purchase": "currency bought paid reference noted_by_id noted_at confirmed_by_id confirmed_at"
        " turned_down_by_id turned_down_at",
        "payments_move": "source target amount currency reference arrived_as noted_by_id noted_at confirmed_by_id"
        " confirmed_at turned_down_by_id turned_down_at",
        "payments_exchangequote": "person_id rail currency asked rate source arrives costs made_at expires_at",
        "payments_payrun": "rail made_at checked_by_id checked_at released_by_id released_at handed_over_at",
        "payments_explanation": "place currency key amount words office_id at",
        "payments_givenstatement": "place number digest currency opening closing lines given_by_id given_at"
        " turned_down_by_id turned_down_at",
        "payments_bankstatement": "given_id place number digest currency opening closing read_by_id read_at",
        "payments_depositproof": "line_id",
        "payments_sealedstatement": "person_id month place digest nonce",
        "payments_correction": "transfer_id office_id words at",
        "payments_railevent": "rail event payout_id outcome amount incoming currency words statement_id occurred_at"
        " noted_at",
        "payments_railanswer": "event_id words by_id at",
        "payments_verdict": "payout_id office_id arrived words at",
        "payments_entitlement": "person_id kind source since until amount at edition",
    },
    "top_ups": {
        "payments_topup": "person_id week seconds floor earned amount at",
        "payments_topuppart": "topup_id job amount",
    },
    "payout_details": {
        "payments_payoutdetails": "person_id rail version sealed fingerprint hint given_at told_at effective_at"
        " cancelled_at erased_at",
    },
    "surplus": {
        "payments_share": "allocation_id person_id worked cash capital",
        "payments_interest": "allocation_id person_id held amount",
        "payments_contribution": "person_id amount at",
        "payments_redemption": "person_id amount at",
    },
    "support": {
        "payments_support": "person_id fund amount words at",
        "tasks_paidskip": "assignment_id amount at",
        "payments_supportanswer": "support_id office_id agrees words at",
    },
    "bills": {
        "payments_expense": "purpose amount payee asked_by_id at",
        "payments_outlay": "expense_id period reference paid_by_id at",
    },
    "votes": {
        "governance_proposal": "policy rule_id title text payload impact method subject proposed_by_id drafted_at"
        " first_reading_id petition_id rival_of_id digest published_at frozen_at opens_at closes_at locked_until"
        " roll_root",
        "governance_option": "proposal_id position title text payload person_id",
        "governance_support": "draft_id person_id number backs digest said_at",
        "governance_rollentry": "proposal_id person_id position affected senior",
        "governance_ballot": "proposal_id person_id number choice receipt cast_at",
        "governance_tally": "proposal_id counted_at counts passed extended closed_at winner files",
    },
    "petitions": {
        "governance_petition": "kind stops_id recalls_id opened_by_id opened_at",
        "governance_signature": "petition_id person_id signed_at",
        "governance_answer": "petition_id text written_at",
    },
    "posts": {
        "governance_office": "person_id post seat mandate_id starts_at ends_at",
        "governance_officeend": "office_id mandate_id at",
        "governance_call": "post seat starts_at ends_at opened_by_id opened_at closes_at",
        "governance_candidacy": "call_id person_id statement put_forward_at withdrawn_at",
    },
    "officers_acts": {
        "governance_officeact": "office_id person_id act duty subject at",
        # Django's own; the site may not write there.
        "django_admin_log": "action_time user_id content_type_id object_id object_repr action_flag change_message",
    },
    "assembly": {
        "governance_thread": "topic title subject opened_by_id opened_at search",
        "governance_message": "thread_id author_id text corrects_id written_at search",
    },
    "message_reports": {
        "governance_messagereport": "message_id reporter_id ground quote words reported_at",
        "governance_reportanswer": "report_id office_id outcome words answered_at",
        "governance_withholding": "answer_id message_id second_officer_id starts_at ends_at",
    },
    "pauses": {
        "people_person": "signed_out_at",
        "governance_pauserequest": "person_id ground scope reason evidence hours first_officer_id asked_at"
        " published_in published_on",
        "governance_pause": "request_id person_id ground scope reason evidence first_officer_id second_officer_id"
        " starts_at ends_at",
    },
    "cases": {
        "governance_case": "kind person_id charged_by_id office_id seat_id client_id bylaw_id ground facts facts_digest"
        " happened_from happened_until measure scope days remedy pause_id presumed opened_at",
        "governance_pauserequest": "published_in published_on",
        "governance_evidence": "case_id person_id added_by_id name text digest charging citable added_at",
        "governance_statement": "case_id author_id kind text said_at",
        "governance_hearing": "panel_id seat_id began_at ended_at text written_at",
        "governance_motion": "panel_id seat_id measure scope days reasons rebuttal moved_at",
        "governance_citation": "motion_id evidence_id",
        "governance_fold": "motion_id message_id",
        "governance_panelvote": "motion_id seat_id agrees voted_at",
        "governance_decision": "case_id panel_id motion_id agreed decided_at",
        "governance_appeal": "decision_id by_id reasons appealed_at",
        "governance_restriction": "decision_id person_id scope starts_at ends_at",
    },
    "lots": {
        "governance_panel": "case_id stage asked_by_id size candidates roll_digest convened_at commit_by reveal_by"
        " decide_by",
        "governance_drawpart": "panel_id role person_id commitment committed_at",
        "governance_drawreveal": "part_id words revealed_at",
        "governance_draw": "panel_id seed drawn_at",
        "governance_panelseat": "panel_id person_id rank seated_at",
        "governance_seatrefusal": "seat_id side by_id refused_at",
    },
    "watching": {
        "governance_turnedaway": "person_id act job rule ground row at",
        "tasks_assignment": "person_id state claimed_at submitted_at",
        "tasks_dispute": "assignment_id looks_for opened_at",
        "tasks_review": "assignment_id decision ground at",
        "payments_payout": "person_id state requested_at",
    },
    "record": {
        "record_event": "at kind actor_id subject data transaction veil closed",
        "record_leaf": "index event_id leaf_hash chain_hash",
    },
    "clients": {
        "people_client": "name slug is_cooperative created_at",
        "people_clientseat": "client_id person_id offered_to created_at accepted_at ended_at",
        "people_apikey": "client_id created_by_id name prefix digest scopes created_at expires_at last_used_at"
        " revoked_at",
        "people_keyuse": "key_id minute calls",
        "tasks_call": "key_id name digest status sealed fingerprint at",
        "tasks_job": "client_id work_type_id title guide form overlap pay review_rule check_share review_days"
        " time_limit"
        " sensitivity content created_by_id drafted_at opened_at closed_at task_bytes delete_on"
        " deleted_at emptied_at asks_id tests_id",
        "tasks_skill": "client_id name about name_es about_es created_by_id created_at",
        "tasks_guideversion": "job_id number guide digest words changed seconds pay job_pay rescopes written_by_id at",
        "tasks_halt": "job_id reason asked_by_id at ended_at",
        "tasks_hiddencontent": "job_id topic reason found_by_id with_data people amount at",
        "tasks_forewarning": "job_id about at",
        "tasks_tally": "job_id tasks fundings deposited seen price spare",
        "tasks_stage": "job_id after_id takes carries apart_from_all written_by_id at",
        "tasks_knownanswer": "task_id value why written_by_id at",
        "tasks_delivery": "job_id digest created_by_id created_at finished_at problem_count",
        "tasks_jobfile": "delivery_id job_id packed_in_id name key source kind file small content_type bytes took facts"
        " problem done_at usable after",
        "tasks_upload": "job_id file file_name created_by_id created_at finished_at rows problems problem_count",
        "tasks_task": "upload_id external_id turn",
        "tasks_machine": "job_id orders shows asked_by_id asked_at learned tried agreed at",
        "tasks_endpoint": "job_id url sealed fingerprint named_by_id named_at ended_at version at_once after tries"
        " next_at at problem status predicted refused problems",
        "tasks_estimate": "job_id way answers people priors usual alpha alpha_low alpha_high scales systems"
        " doubtful at counted counted_to",
        "tasks_release": "job_id number splits asked_by_id asked_at tasks place items answers parts folder added"
        " changed removed digest certificate signature finished_at",
        "tasks_releasefile": "release_id name asked_at used_at place bytes digest finished_at tries failed_at failure",
        "tasks_withdrawal": "task_id reason by_id at",
        "tasks_project": "key client_id test name kind options created_by_id created_at",
        "tasks_projectversion": "project_id number params work_type_id pay created_by_id created_at",
        "tasks_batch": "key client_id project_id test name callback options created_by_id created_at metadata state"
        " priority finalized_at",
        "tasks_order": "key client_id test kind project_id batch_id version_id params instruction callback_url role"
        " expected initial created_by_id created_at updated_at metadata tags unique_id priority canceled_at failed_at"
        " error audit audit_words task_id",
        "tasks_lot": "job_id project_id batch_id digest",
        "tasks_sketch": "client_id work_type_id said file file_name rows bytes piloted pilot_id pilots job_id"
        " written_by_id begun_at at dropped_at told_at",
        "tasks_sketchfile": "sketch_id is_packed name key address source kind file small content_type bytes took facts"
        " problem given_by_id done_at is_gone",
        "tasks_asset": "key client_id test name project_name reference metadata address created_by_id created_at file"
        " content_type bytes order_id next_at tries problem",
        "tasks_sandbox": "client_id teammates assignments groups batches",
        "tasks_webhook": "client_id url kinds sealed fingerprint former_sealed former_fingerprint renewed_at"
        " created_by_id created_at ended_at",
        "tasks_message": "key client_id webhook_id url kind subject payload state tries made_at next_at ended_at",
        "tasks_attempt": "message_id at status problem milliseconds",
        "tasks_reason": "client_id office_id words given_at ends_at",
        "tasks_look": "reason_id subject at",
        "tasks_fetch": "client_id person_id key_id subject at",
        "tasks_dispute": "rejected_by_id",
        "tasks_tip": "given_by_id",
        "payments_deposit": "client_id fund amount currency reference recorded_by_id at",
        "payments_depositproof": "deposit_id by_id at",
        "payments_cardpayment": "client_id session amount currency asked_by_id at",
        "payments_payback": "client_id deposit_id card_id amount key part state reference asked_by_id asked_at"
        " sent_by_id sent_at settled_by_id settled_at",
        "payments_cardevent": "payment_id outcome event amount noted_at",
    },
}
# Tables that hold nothing about people: rules, rates, kinds of work, what programs keep for themselves. Nothing that is
# laid into `payments_seldom` outlives its statement, and nobody has a right on it (decision 0241).
ABOUT_NOBODY = {
    "auth_group",
    "auth_group_permissions",
    "auth_permission",
    "coop_clockadvance",
    "coop_cooperative",
    "django_content_type",
    "django_migrations",
    "governance_bylaw",
    "governance_datause",
    "governance_enactment",
    "governance_mandate",
    "governance_parameter",
    "governance_post",
    "governance_rule",
    "payments_allocation",
    "payments_budget",
    "payments_close",
    "payments_confusable",
    "payments_fee",
    "payments_instrument",
    "payments_raise",
    "payments_rate",
    "payments_reckoning",
    "payments_seldom",
    "payments_worktype",
    "procrastinate_periodic_defers",
    "procrastinate_workers",
    "record_checkpoint",
    "tasks_lotword",
    "tasks_pace",
    "tasks_told",
}


def named() -> Iterator[tuple[str, str, str]]:
    """Yield (use, table, column) for every column that a use names."""
    for use, tables in PLACES.items():
        for table, columns in tables.items():
            for column in columns.split():
                yield use, table, column
