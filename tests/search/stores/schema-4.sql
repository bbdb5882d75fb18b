BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('v3.2.0.a');
CREATE TABLE studies (
	study_id INTEGER NOT NULL, 
	study_name VARCHAR(512) NOT NULL, 
	PRIMARY KEY (study_id)
);
INSERT INTO "studies" VALUES(1,'tiny-data-A15-c8f667');
CREATE TABLE study_directions (
	study_direction_id INTEGER NOT NULL, 
	direction VARCHAR(8) NOT NULL, 
	study_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	PRIMARY KEY (study_direction_id), 
	UNIQUE (study_id, objective), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_directions" VALUES(1,'MAXIMIZE',1,0);
INSERT INTO "study_directions" VALUES(2,'MINIMIZE',1,1);
CREATE TABLE study_system_attributes (
	study_system_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_system_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_system_attributes" VALUES(1,1,'study:metric_names','["macro_f1", "latency_ms"]');
CREATE TABLE study_user_attributes (
	study_user_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_user_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_user_attributes" VALUES(1,1,'id','"5aba6cc509fe44799646fa7bc2ba778e"');
INSERT INTO "study_user_attributes" VALUES(2,1,'settings','{"objectives": {"macro_f1": 0.0, "latency_ms": 0.3173673707917087}, "space": "tiny 156694f1b12b", "data": "data e43a8304fa62", "chip": "A15", "latency": "calibrated-4.7e33", "epochs": 2, "seed": 0, "inherit": true, "limits": {"recall@2": 0.5}, "latency_bound": "upper", "metric": "macro_f1", "class_weights": "balanced", "schema_version": 4, "input": "1x16x16"}');
INSERT INTO "study_user_attributes" VALUES(3,1,'data','"/data/data.npz"');
INSERT INTO "study_user_attributes" VALUES(4,1,'final','{"2": {"epochs": 12, "evaluation": null}}');
INSERT INTO "study_user_attributes" VALUES(5,1,'test_accuracy','{"2": 1.0}');
CREATE TABLE trial_heartbeats (
	trial_heartbeat_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	heartbeat DATETIME NOT NULL, 
	PRIMARY KEY (trial_heartbeat_id), 
	UNIQUE (trial_id), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_intermediate_values (
	trial_intermediate_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	intermediate_value FLOAT, 
	intermediate_value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_intermediate_value_id), 
	UNIQUE (trial_id, step), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_params (
	param_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	param_name VARCHAR(512), 
	param_value FLOAT, 
	distribution_json TEXT, 
	PRIMARY KEY (param_id), 
	UNIQUE (trial_id, param_name), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_params" VALUES(1,1,'stem.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1]}}');
INSERT INTO "trial_params" VALUES(2,1,'stem.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16]}}');
INSERT INTO "trial_params" VALUES(3,1,'stem.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["conv"]}}');
INSERT INTO "trial_params" VALUES(4,1,'stem.conv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3]}}');
INSERT INTO "trial_params" VALUES(5,1,'stem.conv.activation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "hswish"]}}');
INSERT INTO "trial_params" VALUES(6,1,'stage1.depth',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1, 2]}}');
INSERT INTO "trial_params" VALUES(7,1,'stage1.width',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 32, 64]}}');
INSERT INTO "trial_params" VALUES(8,1,'stage1.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["dsconv", "mbconv", "mobileone"]}}');
INSERT INTO "trial_params" VALUES(9,1,'stage1.dsconv.kernel',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(10,1,'stage1.dsconv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu"]}}');
INSERT INTO "trial_params" VALUES(11,1,'head.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0]}}');
INSERT INTO "trial_params" VALUES(12,2,'stem.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1]}}');
INSERT INTO "trial_params" VALUES(13,2,'stem.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16]}}');
INSERT INTO "trial_params" VALUES(14,2,'stem.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["conv"]}}');
INSERT INTO "trial_params" VALUES(15,2,'stem.conv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3]}}');
INSERT INTO "trial_params" VALUES(16,2,'stem.conv.activation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "hswish"]}}');
INSERT INTO "trial_params" VALUES(17,2,'stage1.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1, 2]}}');
INSERT INTO "trial_params" VALUES(18,2,'stage1.width',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 32, 64]}}');
INSERT INTO "trial_params" VALUES(19,2,'stage1.block',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["dsconv", "mbconv", "mobileone"]}}');
INSERT INTO "trial_params" VALUES(20,2,'stage1.mbconv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3]}}');
INSERT INTO "trial_params" VALUES(21,2,'stage1.mbconv.expansion',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [4]}}');
INSERT INTO "trial_params" VALUES(22,2,'stage1.mbconv.se',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [false]}}');
INSERT INTO "trial_params" VALUES(23,2,'stage1.mbconv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu"]}}');
INSERT INTO "trial_params" VALUES(24,2,'head.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0]}}');
INSERT INTO "trial_params" VALUES(25,3,'stem.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1]}}');
INSERT INTO "trial_params" VALUES(26,3,'stem.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16]}}');
INSERT INTO "trial_params" VALUES(27,3,'stem.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["conv"]}}');
INSERT INTO "trial_params" VALUES(28,3,'stem.conv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3]}}');
INSERT INTO "trial_params" VALUES(29,3,'stem.conv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "hswish"]}}');
INSERT INTO "trial_params" VALUES(30,3,'stage1.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1, 2]}}');
INSERT INTO "trial_params" VALUES(31,3,'stage1.width',2.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 32, 64]}}');
INSERT INTO "trial_params" VALUES(32,3,'stage1.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["dsconv", "mbconv", "mobileone"]}}');
INSERT INTO "trial_params" VALUES(33,3,'stage1.dsconv.kernel',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(34,3,'stage1.dsconv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu"]}}');
INSERT INTO "trial_params" VALUES(35,3,'head.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0]}}');
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_system_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_system_attributes" VALUES(1,1,'fixed_params','{"stem.depth": 1, "stem.width": 16, "stem.block": "conv", "stem.conv.kernel": 3, "stem.conv.activation": "hswish", "stage1.depth": 2, "stage1.width": 64, "stage1.block": "dsconv", "stage1.dsconv.kernel": 5, "stage1.dsconv.activation": "relu", "head.width": 0}');
INSERT INTO "trial_system_attributes" VALUES(2,2,'fixed_params','{"stem.depth": 1, "stem.width": 16, "stem.block": "conv", "stem.conv.kernel": 3, "stem.conv.activation": "hswish", "stage1.depth": 1, "stage1.width": 64, "stage1.block": "mbconv", "stage1.mbconv.kernel": 3, "stage1.mbconv.expansion": 4, "stage1.mbconv.se": false, "stage1.mbconv.activation": "relu", "head.width": 0}');
INSERT INTO "trial_system_attributes" VALUES(3,3,'fixed_params','{"stem.depth": 1, "stem.width": 16, "stem.block": "conv", "stem.conv.kernel": 3, "stem.conv.activation": "relu", "stage1.depth": 1, "stage1.width": 64, "stage1.block": "dsconv", "stage1.dsconv.kernel": 5, "stage1.dsconv.activation": "relu", "head.width": 0}');
CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_user_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_user_attributes" VALUES(1,1,'architecture','"1x1x16x16-conv_r1_s2_c16_k3_hswish-dsconv_r2_s2_c64_k5_relu-head_n3"');
INSERT INTO "trial_user_attributes" VALUES(2,1,'answer','{"state": "completed", "reason": "", "reason_code": "", "evaluation": {"score": 1.0, "latency_by_chip": {"A15": {"ms": 0.31688302709514155, "low_ms": 0.25170141286287995, "high_ms": 0.3989443353489775, "chip": "A15", "source": "calibrated", "version": "4.7e33", "device": null, "apart": 1.183, "fixed_ms": 0.31343}}, "size_mb": 0.028895, "macs": 123328, "params": 7683, "residency": 1.0, "is_tiny": true, "broken_rules": [], "budget_fraction": 1.0, "verified": {"fp32_difference": 9.505724427976688e-08, "fp16_difference": 0.0003138453122912092, "fp16_agreement": 1.0}, "seconds": {"build": 4.8854, "train": 0.2948, "validate": 3.8374, "convert": 1.8381, "verify": 0.121, "cost": 0.011}, "losses": [[1, 1.434814214706421], [2, 1.4930156469345093], [3, 1.2636268138885498], [4, 1.0703376531600952], [5, 0.7483737468719482], [6, 0.6071773171424866], [7, 0.5068359971046448], [8, 0.4479544758796692], [9, 0.3856598436832428], [10, 0.44134390354156494], [11, 0.36110812425613403], [12, 0.3615594506263733]], "donor": null, "inherited": 0.0, "held_out": 48, "origin": "", "epochs": 0, "trained_steps": 12, "total_steps": 12, "teacher": null, "metric": "macro_f1", "less_is_better": false, "metrics": {"macro_f1": 1.0, "recall@2": 1.0, "accuracy": 1.0, "balanced_accuracy": 1.0, "top5": 1.0, "auroc": 1.0, "log_loss": 0.2114994923164187, "calibration_error": 0.18686961134274802}, "errors": {"macro_f1": 0.0, "recall@2": 0.0}}}');
INSERT INTO "trial_user_attributes" VALUES(3,2,'architecture','"1x1x16x16-conv_r1_s2_c16_k3_hswish-mbconv_r1_s2_c64_k3_e4_relu-head_n3"');
INSERT INTO "trial_user_attributes" VALUES(4,2,'answer','{"state": "completed", "reason": "", "reason_code": "", "evaluation": {"score": 1.0, "latency_by_chip": {"A15": {"ms": 0.31652181113388944, "low_ms": 0.2515304734787651, "high_ms": 0.39830584158597215, "chip": "A15", "source": "calibrated", "version": "4.7e33", "device": null, "apart": 1.183, "fixed_ms": 0.31343}}, "size_mb": 0.024149, "macs": 149696, "params": 6243, "residency": 1.0, "is_tiny": true, "broken_rules": [], "budget_fraction": 1.0, "verified": {"fp32_difference": 9.46202343733514e-08, "fp16_difference": 0.00025425937678847613, "fp16_agreement": 1.0}, "seconds": {"build": 0.0132, "train": 0.2438, "validate": 0.8873, "convert": 0.8368, "verify": 0.0281, "cost": 0.0023}, "losses": [[1, 1.0678151845932007], [2, 1.0522269010543823], [3, 0.8270152807235718], [4, 0.5910319685935974], [5, 0.403439462184906], [6, 0.3399921655654907], [7, 0.3102298676967621], [8, 0.3073210120201111], [9, 0.30155107378959656], [10, 0.3302896022796631], [11, 0.30185309052467346], [12, 0.3009798526763916]], "donor": 0, "inherited": 0.27565128802212197, "held_out": 48, "origin": "trial 0", "epochs": 0, "trained_steps": 12, "total_steps": 24, "teacher": null, "metric": "macro_f1", "less_is_better": false, "metrics": {"macro_f1": 1.0, "recall@2": 1.0, "accuracy": 1.0, "balanced_accuracy": 1.0, "top5": 1.0, "auroc": 1.0, "log_loss": 0.04339647218610567, "calibration_error": 0.04233767216404279}, "errors": {"macro_f1": 0.0, "recall@2": 0.0}}}');
INSERT INTO "trial_user_attributes" VALUES(5,3,'architecture','"1x1x16x16-conv_r1_s2_c16_k3_relu-dsconv_r1_s2_c64_k5_relu-head_n3"');
INSERT INTO "trial_user_attributes" VALUES(6,3,'answer','{"state": "completed", "reason": "", "reason_code": "", "evaluation": {"score": 1.0, "latency_by_chip": {"A15": {"ms": 0.31568007813196236, "low_ms": 0.25097670656389726, "high_ms": 0.3970643853517559, "chip": "A15", "source": "calibrated", "version": "4.7e33", "device": null, "apart": 1.183, "fixed_ms": 0.31343}}, "size_mb": 0.013604, "macs": 32192, "params": 1859, "residency": 1.0, "is_tiny": true, "broken_rules": [], "budget_fraction": 1.0, "verified": {"fp32_difference": 1.234117043970779e-07, "fp16_difference": 0.00045223694507505387, "fp16_agreement": 1.0}, "seconds": {"build": 0.0061, "train": 0.1284, "validate": 0.5469, "convert": 0.7725, "verify": 0.0352, "cost": 0.0062}, "losses": [[1, 0.7964556217193604], [2, 0.8019083142280579], [3, 0.7437789440155029], [4, 0.6927045583724976], [5, 0.5874545574188232], [6, 0.527973473072052], [7, 0.475990355014801], [8, 0.4478680491447449], [9, 0.4093559682369232], [10, 0.45181331038475037], [11, 0.38724038004875183], [12, 0.3823774755001068]], "donor": 0, "inherited": 1.0, "held_out": 48, "origin": "trial 0", "epochs": 0, "trained_steps": 12, "total_steps": 24, "teacher": null, "metric": "macro_f1", "less_is_better": false, "metrics": {"macro_f1": 1.0, "recall@2": 1.0, "accuracy": 1.0, "balanced_accuracy": 1.0, "top5": 1.0, "auroc": 1.0, "log_loss": 0.25707330211589857, "calibration_error": 0.22424999997019768}, "errors": {"macro_f1": 0.0, "recall@2": 0.0}}}');
CREATE TABLE trial_values (
	trial_value_id INTEGER NOT NULL, 
	trial_id INTEGER NOT NULL, 
	objective INTEGER NOT NULL, 
	value FLOAT, 
	value_type VARCHAR(7) NOT NULL, 
	PRIMARY KEY (trial_value_id), 
	UNIQUE (trial_id, objective), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_values" VALUES(1,1,0,1.0,'FINITE');
INSERT INTO "trial_values" VALUES(2,1,1,3.16883027095141545093e-01,'FINITE');
INSERT INTO "trial_values" VALUES(3,2,0,1.0,'FINITE');
INSERT INTO "trial_values" VALUES(4,2,1,3.16521811133889441336e-01,'FINITE');
INSERT INTO "trial_values" VALUES(5,3,0,1.0,'FINITE');
INSERT INTO "trial_values" VALUES(6,3,1,3.15680078131962360554e-01,'FINITE');
CREATE TABLE trials (
	trial_id INTEGER NOT NULL, 
	number INTEGER, 
	study_id INTEGER, 
	state VARCHAR(8) NOT NULL, 
	datetime_start DATETIME, 
	datetime_complete DATETIME, 
	PRIMARY KEY (trial_id), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "trials" VALUES(1,0,1,'COMPLETE','2026-11-28 21:08:37.731501','2026-11-28 21:08:52.153820');
INSERT INTO "trials" VALUES(2,1,1,'COMPLETE','2026-11-28 21:08:53.864881','2026-11-28 21:08:56.205968');
INSERT INTO "trials" VALUES(3,2,1,'COMPLETE','2026-11-28 21:08:56.819887','2026-11-28 21:08:58.587962');
CREATE TABLE version_info (
	version_info_id INTEGER NOT NULL, 
	schema_version INTEGER, 
	library_version VARCHAR(256), 
	PRIMARY KEY (version_info_id), 
	CHECK (version_info_id=1)
);
INSERT INTO "version_info" VALUES(1,12,'5.0.0');
CREATE UNIQUE INDEX ix_studies_study_name ON studies (study_name);
CREATE INDEX ix_trials_study_id ON trials (study_id);
COMMIT;
