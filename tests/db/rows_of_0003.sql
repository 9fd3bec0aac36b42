INSERT INTO study (id, name, created_at, created_by) VALUES ('study', 'Old', '2026-01-01 00:00:00+00:00', 'tester');
INSERT INTO prompt_template (id, study_id, text, text_hash, created_at) VALUES ('template', 'study', 'Do {{this}}', 'hash', '2026-01-01 00:00:00+00:00');
INSERT INTO test_case (id, study_id, name, "values", values_hash, created_at) VALUES ('case', 'study', 'one', '{"this": "that"}', 'hash', '2026-01-01 00:00:00+00:00');
INSERT INTO candidate (id, study_id, model, parameters, parameters_hash, created_at) VALUES ('small', 'study', 'ollama/small', '{}', 'hash', '2026-01-01 00:00:00+00:00');
INSERT INTO response (id, study_id, prompt_template_id, test_case_id, candidate_id, sample_index, status, origin, text, provider_figures, created_at) VALUES ('of small', 'study', 'template', 'case', 'small', 0, 'ok', 'collected', 'Good.', '{}', '2026-01-01 00:00:00+00:00');
INSERT INTO judge (id, identity, name, label, model, configuration, scale_min, scale_max, created_at) VALUES ('judge', 'hash', 'gpt_scorer', 'GPT-Scorer', 'openai/gpt-4', '{"prompt": "Grade."}', 0, 10, '2026-01-01 00:00:00+00:00');
INSERT INTO judgment (id, judge_id, response_id, inputs_hash, repeat_index, status, score, details, created_at) VALUES ('judgment', 'judge', 'of small', 'hash', 0, 'ok', 7, '{}', '2026-01-01 00:00:00+00:00');
