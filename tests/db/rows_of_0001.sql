-- One row of each table that revision 0002 changes, as release 0001 stored them.
INSERT INTO study (id, name, created_at, created_by) VALUES ('s', 'Old', '2026-01-02 03:04:05', 'ada');
INSERT INTO prompt_template (id, study_id, text, text_hash, created_at) VALUES ('p', 's', 'Hello', 'h', '2026-01-02 03:04:05');
INSERT INTO test_case (id, study_id, name, "values", values_hash, created_at) VALUES ('t', 's', 'one', '{}', 'h', '2026-01-02 03:04:05');
INSERT INTO candidate (id, study_id, model, parameters, parameters_hash, created_at) VALUES ('c', 's', 'openai/gpt-4', '{}', 'h', '2026-01-02 03:04:05');
INSERT INTO study_version (id, study_id, number, description, prompt_template_id, samples_per_case, rubric_question, created_at, created_by) VALUES ('v', 's', 1, '', 'p', 1, 'Good?', '2026-01-02 03:04:05', 'ada');
INSERT INTO run (id, kind, study_version_id, status, planned_calls, requested_at, requested_by) VALUES ('r', 'generation', 'v', 'finished', 1, '2026-01-02 03:04:05', 'ada');
INSERT INTO response (id, study_id, prompt_template_id, test_case_id, candidate_id, sample_index, status, origin, run_id, provider_figures, created_at) VALUES ('a', 's', 'p', 't', 'c', 0, 'ok', 'collected', 'r', '{}', '2026-01-02 03:04:05');
INSERT INTO attempt (id, response_id, run_id, number, status, sent_at, cost_usd) VALUES ('a1', 'a', 'r', 1, 'ok', '2026-01-02 03:04:05', 0.25);
INSERT INTO attempt (id, response_id, run_id, number, status, sent_at, cost_usd) VALUES ('a2', 'a', 'r', 2, 'ok', '2026-01-02 03:04:05', 0.5);
