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
INSERT INTO "studies" VALUES(1,'tiny-shades-A15-07d4fa');
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
INSERT INTO "study_directions" VALUES(3,'MINIMIZE',1,2);
CREATE TABLE study_system_attributes (
	study_system_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_system_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_system_attributes" VALUES(1,1,'study:metric_names','["accuracy", "latency_ms", "latency_ms@M2"]');
CREATE TABLE study_user_attributes (
	study_user_attribute_id INTEGER NOT NULL, 
	study_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (study_user_attribute_id), 
	UNIQUE (study_id, "key"), 
	FOREIGN KEY(study_id) REFERENCES studies (study_id)
);
INSERT INTO "study_user_attributes" VALUES(1,1,'id','"109a4dce669d41598f8303ea51fc159f"');
INSERT INTO "study_user_attributes" VALUES(2,1,'settings','{"space": "tiny 3cf0e34cbd6d", "input": "1x28x28", "data": "shades 862cca7bd42e", "chip": "A15", "latency": "calibrated-3.2f43, calibrated-3.2f43", "epochs": 2, "seed": 0, "inherit": true, "limits": {"latency_ms": 0.5}, "latency_bound": "upper", "objectives": {"accuracy": 0.0, "latency_ms": 0.5, "latency_ms@M2": 0.5}}');
INSERT INTO "study_user_attributes" VALUES(3,1,'data','"/data/shades.npz"');
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
INSERT INTO "trial_params" VALUES(7,1,'stage1.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 32]}}');
INSERT INTO "trial_params" VALUES(8,1,'stage1.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["dsconv"]}}');
INSERT INTO "trial_params" VALUES(9,1,'stage1.dsconv.kernel',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(10,1,'stage1.dsconv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu"]}}');
INSERT INTO "trial_params" VALUES(11,1,'head.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0]}}');
INSERT INTO "trial_params" VALUES(12,2,'stem.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1]}}');
INSERT INTO "trial_params" VALUES(13,2,'stem.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16]}}');
INSERT INTO "trial_params" VALUES(14,2,'stem.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["conv"]}}');
INSERT INTO "trial_params" VALUES(15,2,'stem.conv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3]}}');
INSERT INTO "trial_params" VALUES(16,2,'stem.conv.activation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "hswish"]}}');
INSERT INTO "trial_params" VALUES(17,2,'stage1.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1, 2]}}');
INSERT INTO "trial_params" VALUES(18,2,'stage1.width',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 32]}}');
INSERT INTO "trial_params" VALUES(19,2,'stage1.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["dsconv"]}}');
INSERT INTO "trial_params" VALUES(20,2,'stage1.dsconv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(21,2,'stage1.dsconv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu"]}}');
INSERT INTO "trial_params" VALUES(22,2,'head.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0]}}');
INSERT INTO "trial_params" VALUES(23,3,'stem.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1]}}');
INSERT INTO "trial_params" VALUES(24,3,'stem.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16]}}');
INSERT INTO "trial_params" VALUES(25,3,'stem.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["conv"]}}');
INSERT INTO "trial_params" VALUES(26,3,'stem.conv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3]}}');
INSERT INTO "trial_params" VALUES(27,3,'stem.conv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "hswish"]}}');
INSERT INTO "trial_params" VALUES(28,3,'stage1.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1, 2]}}');
INSERT INTO "trial_params" VALUES(29,3,'stage1.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 32]}}');
INSERT INTO "trial_params" VALUES(30,3,'stage1.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["dsconv"]}}');
INSERT INTO "trial_params" VALUES(31,3,'stage1.dsconv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(32,3,'stage1.dsconv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu"]}}');
INSERT INTO "trial_params" VALUES(33,3,'head.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0]}}');
INSERT INTO "trial_params" VALUES(34,4,'stem.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1]}}');
INSERT INTO "trial_params" VALUES(35,4,'stem.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16]}}');
INSERT INTO "trial_params" VALUES(36,4,'stem.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["conv"]}}');
INSERT INTO "trial_params" VALUES(37,4,'stem.conv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3]}}');
INSERT INTO "trial_params" VALUES(38,4,'stem.conv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "hswish"]}}');
INSERT INTO "trial_params" VALUES(39,4,'stage1.depth',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1, 2]}}');
INSERT INTO "trial_params" VALUES(40,4,'stage1.width',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 32]}}');
INSERT INTO "trial_params" VALUES(41,4,'stage1.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["dsconv"]}}');
INSERT INTO "trial_params" VALUES(42,4,'stage1.dsconv.kernel',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(43,4,'stage1.dsconv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu"]}}');
INSERT INTO "trial_params" VALUES(44,4,'head.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0]}}');
INSERT INTO "trial_params" VALUES(45,5,'stem.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1]}}');
INSERT INTO "trial_params" VALUES(46,5,'stem.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16]}}');
INSERT INTO "trial_params" VALUES(47,5,'stem.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["conv"]}}');
INSERT INTO "trial_params" VALUES(48,5,'stem.conv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3]}}');
INSERT INTO "trial_params" VALUES(49,5,'stem.conv.activation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "hswish"]}}');
INSERT INTO "trial_params" VALUES(50,5,'stage1.depth',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1, 2]}}');
INSERT INTO "trial_params" VALUES(51,5,'stage1.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 32]}}');
INSERT INTO "trial_params" VALUES(52,5,'stage1.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["dsconv"]}}');
INSERT INTO "trial_params" VALUES(53,5,'stage1.dsconv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(54,5,'stage1.dsconv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu"]}}');
INSERT INTO "trial_params" VALUES(55,5,'head.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0]}}');
INSERT INTO "trial_params" VALUES(56,6,'stem.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1]}}');
INSERT INTO "trial_params" VALUES(57,6,'stem.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16]}}');
INSERT INTO "trial_params" VALUES(58,6,'stem.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["conv"]}}');
INSERT INTO "trial_params" VALUES(59,6,'stem.conv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3]}}');
INSERT INTO "trial_params" VALUES(60,6,'stem.conv.activation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "hswish"]}}');
INSERT INTO "trial_params" VALUES(61,6,'stage1.depth',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1, 2]}}');
INSERT INTO "trial_params" VALUES(62,6,'stage1.width',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 32]}}');
INSERT INTO "trial_params" VALUES(63,6,'stage1.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["dsconv"]}}');
INSERT INTO "trial_params" VALUES(64,6,'stage1.dsconv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(65,6,'stage1.dsconv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu"]}}');
INSERT INTO "trial_params" VALUES(66,6,'head.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0]}}');
INSERT INTO "trial_params" VALUES(67,7,'stem.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1]}}');
INSERT INTO "trial_params" VALUES(68,7,'stem.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16]}}');
INSERT INTO "trial_params" VALUES(69,7,'stem.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["conv"]}}');
INSERT INTO "trial_params" VALUES(70,7,'stem.conv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3]}}');
INSERT INTO "trial_params" VALUES(71,7,'stem.conv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "hswish"]}}');
INSERT INTO "trial_params" VALUES(72,7,'stage1.depth',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1, 2]}}');
INSERT INTO "trial_params" VALUES(73,7,'stage1.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 32]}}');
INSERT INTO "trial_params" VALUES(74,7,'stage1.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["dsconv"]}}');
INSERT INTO "trial_params" VALUES(75,7,'stage1.dsconv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(76,7,'stage1.dsconv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu"]}}');
INSERT INTO "trial_params" VALUES(77,7,'head.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0]}}');
INSERT INTO "trial_params" VALUES(78,8,'stem.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1]}}');
INSERT INTO "trial_params" VALUES(79,8,'stem.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16]}}');
INSERT INTO "trial_params" VALUES(80,8,'stem.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["conv"]}}');
INSERT INTO "trial_params" VALUES(81,8,'stem.conv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3]}}');
INSERT INTO "trial_params" VALUES(82,8,'stem.conv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "hswish"]}}');
INSERT INTO "trial_params" VALUES(83,8,'stage1.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1, 2]}}');
INSERT INTO "trial_params" VALUES(84,8,'stage1.width',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 32]}}');
INSERT INTO "trial_params" VALUES(85,8,'stage1.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["dsconv"]}}');
INSERT INTO "trial_params" VALUES(86,8,'stage1.dsconv.kernel',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(87,8,'stage1.dsconv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu"]}}');
INSERT INTO "trial_params" VALUES(88,8,'head.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0]}}');
INSERT INTO "trial_params" VALUES(89,9,'stem.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1]}}');
INSERT INTO "trial_params" VALUES(90,9,'stem.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16]}}');
INSERT INTO "trial_params" VALUES(91,9,'stem.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["conv"]}}');
INSERT INTO "trial_params" VALUES(92,9,'stem.conv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3]}}');
INSERT INTO "trial_params" VALUES(93,9,'stem.conv.activation',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "hswish"]}}');
INSERT INTO "trial_params" VALUES(94,9,'stage1.depth',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1, 2]}}');
INSERT INTO "trial_params" VALUES(95,9,'stage1.width',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 32]}}');
INSERT INTO "trial_params" VALUES(96,9,'stage1.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["dsconv"]}}');
INSERT INTO "trial_params" VALUES(97,9,'stage1.dsconv.kernel',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(98,9,'stage1.dsconv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu"]}}');
INSERT INTO "trial_params" VALUES(99,9,'head.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0]}}');
INSERT INTO "trial_params" VALUES(100,10,'stem.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1]}}');
INSERT INTO "trial_params" VALUES(101,10,'stem.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16]}}');
INSERT INTO "trial_params" VALUES(102,10,'stem.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["conv"]}}');
INSERT INTO "trial_params" VALUES(103,10,'stem.conv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3]}}');
INSERT INTO "trial_params" VALUES(104,10,'stem.conv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "hswish"]}}');
INSERT INTO "trial_params" VALUES(105,10,'stage1.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1, 2]}}');
INSERT INTO "trial_params" VALUES(106,10,'stage1.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 32]}}');
INSERT INTO "trial_params" VALUES(107,10,'stage1.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["dsconv"]}}');
INSERT INTO "trial_params" VALUES(108,10,'stage1.dsconv.kernel',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(109,10,'stage1.dsconv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu"]}}');
INSERT INTO "trial_params" VALUES(110,10,'head.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0]}}');
CREATE TABLE trial_system_attributes (
	trial_system_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_system_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
CREATE TABLE trial_user_attributes (
	trial_user_attribute_id INTEGER NOT NULL, 
	trial_id INTEGER, 
	"key" VARCHAR(512), 
	value_json TEXT, 
	PRIMARY KEY (trial_user_attribute_id), 
	UNIQUE (trial_id, "key"), 
	FOREIGN KEY(trial_id) REFERENCES trials (trial_id)
);
INSERT INTO "trial_user_attributes" VALUES(1,1,'architecture','"1x1x28x28-conv_r1_s2_c16_k3_hswish-dsconv_r2_s2_c16_k5_relu-head_n3"');
INSERT INTO "trial_user_attributes" VALUES(2,2,'architecture','"1x1x28x28-conv_r1_s2_c16_k3_hswish-dsconv_r1_s2_c32_k3_relu-head_n3"');
INSERT INTO "trial_user_attributes" VALUES(3,1,'rungs','[{"accuracy": 0.3333333333333333, "latency": {"ms": 0.32884370063954693, "low_ms": 0.2474369455527065, "high_ms": 0.43703327814995785, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.015854, "macs": 92560, "parameters": 1587, "residency": 1.0, "needs": "", "verified": {}, "seconds": {"build": 5.3549, "train": 0.1471, "validate": 0.0319}, "losses": [[1, 1.1862694025039673], [2, 1.260042428970337]], "share": 0.125, "donor": null, "inherited": 0.0, "test_accuracy": null, "others": {"M2": {"ms": 0.25390275760752656, "low_ms": 0.18358840029466852, "high_ms": 0.35114751377120923, "source": "calibrated-3.2f43", "chip": "M2"}}}]');
INSERT INTO "trial_user_attributes" VALUES(4,3,'architecture','"1x1x28x28-conv_r1_s2_c16_k3_relu-dsconv_r1_s2_c16_k3_relu-head_n3"');
INSERT INTO "trial_user_attributes" VALUES(5,3,'rungs','[{"accuracy": 0.6666666666666666, "latency": {"ms": 0.3277613832069543, "low_ms": 0.24662256072758038, "high_ms": 0.43559487828204224, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.010026, "macs": 47872, "parameters": 643, "residency": 1.0, "needs": "", "verified": {}, "seconds": {"build": 0.0158, "train": 0.0796, "validate": 0.0175}, "losses": [[1, 0.9739637970924377], [2, 0.999545156955719]], "share": 0.125, "donor": null, "inherited": 0.0, "test_accuracy": null, "others": {"M2": {"ms": 0.252820440174934, "low_ms": 0.18280581357551265, "high_ms": 0.34965066876193374, "source": "calibrated-3.2f43", "chip": "M2"}}}]');
INSERT INTO "trial_user_attributes" VALUES(6,4,'architecture','"1x1x28x28-conv_r1_s2_c16_k3_relu-dsconv_r2_s2_c32_k5_relu-head_n3"');
INSERT INTO "trial_user_attributes" VALUES(7,2,'rungs','[{"accuracy": 0.7291666666666666, "latency": {"ms": 0.32833409676501935, "low_ms": 0.24705349643718538, "high_ms": 0.4363560146007107, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.011096, "macs": 60464, "parameters": 963, "residency": 1.0, "needs": "", "verified": {}, "seconds": {"build": 5.6811, "train": 0.0749, "validate": 0.0104}, "losses": [[1, 0.9951222538948059], [2, 0.9957860708236694]], "share": 0.125, "donor": null, "inherited": 0.0, "test_accuracy": null, "others": {"M2": {"ms": 0.25339235702919416, "low_ms": 0.1832193470926928, "high_ms": 0.35044162977137555, "source": "calibrated-3.2f43", "chip": "M2"}}}]');
INSERT INTO "trial_user_attributes" VALUES(8,4,'rungs','[{"accuracy": 0.3333333333333333, "latency": {"ms": 0.3284748998280844, "low_ms": 0.24715944306101162, "high_ms": 0.4365431418715242, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.018464, "macs": 162384, "parameters": 3107, "residency": 1.0, "needs": "", "verified": {}, "seconds": {"build": 0.0029, "train": 0.0786, "validate": 0.0056}, "losses": [[1, 1.0982111692428589], [2, 1.0389130115509033]], "share": 0.125, "donor": null, "inherited": 0.0, "test_accuracy": null, "others": {"M2": {"ms": 0.2535331600922593, "low_ms": 0.18332115697198792, "high_ms": 0.3506363604075946, "source": "calibrated-3.2f43", "chip": "M2"}}}]');
INSERT INTO "trial_user_attributes" VALUES(9,5,'architecture','"1x1x28x28-conv_r1_s2_c16_k3_hswish-dsconv_r2_s2_c16_k3_relu-head_n3"');
INSERT INTO "trial_user_attributes" VALUES(10,5,'rungs','[{"accuracy": 0.0, "latency": {"ms": 0.3288263122897417, "low_ms": 0.24742386176805245, "high_ms": 0.43701016903306666, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.01483, "macs": 67472, "parameters": 1075, "residency": 1.0, "needs": "", "verified": {}, "seconds": {"build": 0.0073, "train": 0.0431, "validate": 0.0103}, "losses": [[1, 1.3106743097305298], [2, 1.3480316400527954]], "share": 0.125, "donor": null, "inherited": 0.0, "test_accuracy": null, "others": {"M2": {"ms": 0.2538853692577213, "low_ms": 0.18357582737362352, "high_ms": 0.35112346568342856, "source": "calibrated-3.2f43", "chip": "M2"}}}]');
INSERT INTO "trial_user_attributes" VALUES(11,6,'architecture','"1x1x28x28-conv_r1_s2_c16_k3_hswish-dsconv_r2_s2_c32_k3_relu-head_n3"');
INSERT INTO "trial_user_attributes" VALUES(12,6,'rungs','[{"accuracy": 0.5833333333333334, "latency": {"ms": 0.32896207372918057, "low_ms": 0.24752601484513212, "high_ms": 0.43719059598608095, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.017358, "macs": 124752, "parameters": 2339, "residency": 1.0, "needs": "", "verified": {}, "seconds": {"build": 0.0285, "train": 0.1205, "validate": 0.018}, "losses": [[1, 1.1380681991577148], [2, 1.139209270477295]], "share": 0.125, "donor": null, "inherited": 0.0, "test_accuracy": null, "others": {"M2": {"ms": 0.25402033399335544, "low_ms": 0.18367341575802995, "high_ms": 0.3513101219128106, "source": "calibrated-3.2f43", "chip": "M2"}}}]');
INSERT INTO "trial_user_attributes" VALUES(13,2,'answer','{"state": "completed", "reason": "", "because": "", "evaluation": {"accuracy": 1.0, "latency": {"ms": 0.32833409676501935, "low_ms": 0.24705349643718538, "high_ms": 0.4363560146007107, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.012137, "macs": 60464, "parameters": 963, "residency": 1.0, "needs": "iOS16", "verified": {"fp32_difference": 1.7561515133767378e-07, "fp16_difference": 0.0002650032633685497, "fp16_agreement": 1.0}, "seconds": {"build": 5.6842, "train": 0.2047, "validate": 0.019299999999999998, "convert": 7.866, "verify": 0.3116, "cost": 0.0151}, "losses": [[1, 0.9951222538948059], [2, 0.9957860708236694], [3, 0.9653568267822266], [4, 0.921858012676239], [5, 0.8609912395477295], [6, 0.812112033367157], [7, 0.7651312947273254], [8, 0.7391142845153809], [9, 0.6759303212165833], [10, 0.7316974997520447], [11, 0.649749219417572], [12, 0.6441880464553833]], "share": 1.0, "donor": null, "inherited": 0.0, "test_accuracy": null, "others": {"M2": {"ms": 0.25339235702919416, "low_ms": 0.1832193470926928, "high_ms": 0.35044162977137555, "source": "calibrated-3.2f43", "chip": "M2"}}}}');
INSERT INTO "trial_user_attributes" VALUES(14,7,'architecture','"1x1x28x28-conv_r1_s2_c16_k3_relu-dsconv_r2_s2_c16_k3_relu-head_n3"');
INSERT INTO "trial_user_attributes" VALUES(15,3,'answer','{"state": "completed", "reason": "", "because": "", "evaluation": {"accuracy": 1.0, "latency": {"ms": 0.3277613832069543, "low_ms": 0.24662256072758038, "high_ms": 0.43559487828204224, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.011073, "macs": 47872, "parameters": 643, "residency": 1.0, "needs": "iOS16", "verified": {"fp32_difference": 8.930537741613466e-08, "fp16_difference": 0.00045545742482228676, "fp16_agreement": 1.0}, "seconds": {"build": 0.0183, "train": 0.3472, "validate": 0.0379, "convert": 7.9706, "verify": 0.3381, "cost": 0.0151}, "losses": [[1, 0.9739637970924377], [2, 0.999545156955719], [3, 0.9773915410041809], [4, 0.9244673848152161], [5, 0.8703670501708984], [6, 0.8204099535942078], [7, 0.7684720158576965], [8, 0.7320041656494141], [9, 0.7132701873779297], [10, 0.7005747556686401], [11, 0.6812834739685059], [12, 0.6802806854248047]], "share": 1.0, "donor": null, "inherited": 0.0, "test_accuracy": null, "others": {"M2": {"ms": 0.252820440174934, "low_ms": 0.18280581357551265, "high_ms": 0.34965066876193374, "source": "calibrated-3.2f43", "chip": "M2"}}}}');
INSERT INTO "trial_user_attributes" VALUES(16,8,'architecture','"1x1x28x28-conv_r1_s2_c16_k3_relu-dsconv_r1_s2_c32_k5_relu-head_n3"');
INSERT INTO "trial_user_attributes" VALUES(17,7,'rungs','[{"accuracy": 1.0, "latency": {"ms": 0.32830436168903493, "low_ms": 0.24703112241462374, "high_ms": 0.4363164966847274, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.0144, "macs": 67472, "parameters": 1075, "residency": 1.0, "needs": "", "verified": {}, "seconds": {"build": 0.0094, "train": 0.0996, "validate": 0.0277}, "losses": [[1, 0.8512014150619507], [2, 0.8229103684425354]], "share": 0.125, "donor": 1, "inherited": 0.5984848484848485, "test_accuracy": null, "others": {"M2": {"ms": 0.2533634186570146, "low_ms": 0.18319842274549142, "high_ms": 0.35040160800265124, "source": "calibrated-3.2f43", "chip": "M2"}}}]');
INSERT INTO "trial_user_attributes" VALUES(18,9,'architecture','"1x1x28x28-conv_r1_s2_c16_k3_hswish-dsconv_r2_s2_c32_k5_relu-head_n3"');
INSERT INTO "trial_user_attributes" VALUES(19,8,'rungs','[{"accuracy": 0.6666666666666666, "latency": {"ms": 0.3278121461643126, "low_ms": 0.24666075708375665, "high_ms": 0.43566234225237144, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.011178, "macs": 73008, "parameters": 1219, "residency": 1.0, "needs": "", "verified": {}, "seconds": {"build": 0.0137, "train": 0.0858, "validate": 0.0171}, "losses": [[1, 0.835781991481781], [2, 0.8218947052955627]], "share": 0.125, "donor": 1, "inherited": 0.8189533239038189, "test_accuracy": null, "others": {"M2": {"ms": 0.25287040642848746, "low_ms": 0.1828419424645607, "high_ms": 0.3497197720905982, "source": "calibrated-3.2f43", "chip": "M2"}}}]');
INSERT INTO "trial_user_attributes" VALUES(20,10,'architecture','"1x1x28x28-conv_r1_s2_c16_k3_relu-dsconv_r1_s2_c16_k5_relu-head_n3"');
INSERT INTO "trial_user_attributes" VALUES(21,9,'rungs','[{"accuracy": 0.7083333333333334, "latency": {"ms": 0.3289968504287911, "low_ms": 0.24755218241444027, "high_ms": 0.4372368142198634, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.018894, "macs": 162384, "parameters": 3107, "residency": 1.0, "needs": "", "verified": {}, "seconds": {"build": 0.0166, "train": 0.1239, "validate": 0.0242}, "losses": [[1, 0.7760873436927795], [2, 0.7441125512123108]], "share": 0.125, "donor": 1, "inherited": 0.33123569794050345, "test_accuracy": null, "others": {"M2": {"ms": 0.254055110692966, "low_ms": 0.18369856160012002, "high_ms": 0.351358218088372, "source": "calibrated-3.2f43", "chip": "M2"}}}]');
INSERT INTO "trial_user_attributes" VALUES(22,10,'rungs','[{"accuracy": 1.0, "latency": {"ms": 0.3277613832069543, "low_ms": 0.24662256072758038, "high_ms": 0.43559487828204224, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.010538, "macs": 60416, "parameters": 899, "residency": 1.0, "needs": "", "verified": {}, "seconds": {"build": 0.0124, "train": 0.02, "validate": 0.0045}, "losses": [[1, 0.7434840202331543], [2, 0.7554689645767212]], "share": 0.125, "donor": 2, "inherited": 0.7552581261950286, "test_accuracy": null, "others": {"M2": {"ms": 0.252820440174934, "low_ms": 0.18280581357551265, "high_ms": 0.34965066876193374, "source": "calibrated-3.2f43", "chip": "M2"}}}]');
INSERT INTO "trial_user_attributes" VALUES(23,7,'answer','{"state": "completed", "reason": "", "because": "", "evaluation": {"accuracy": 1.0, "latency": {"ms": 0.32830436168903493, "low_ms": 0.24703112241462374, "high_ms": 0.4363164966847274, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.015223, "macs": 67472, "parameters": 1075, "residency": 1.0, "needs": "iOS16", "verified": {"fp32_difference": 1.5610588256138845e-07, "fp16_difference": 0.00041102678878413576, "fp16_agreement": 1.0}, "seconds": {"build": 0.0274, "train": 0.2284, "validate": 0.0326, "convert": 0.843, "verify": 0.0754, "cost": 0.0132}, "losses": [[1, 0.8512014150619507], [2, 0.8229103684425354], [3, 0.8098851442337036], [4, 0.7637236714363098], [5, 0.7411818504333496], [6, 0.7324692606925964], [7, 0.6793727874755859], [8, 0.6328051090240479], [9, 0.5978919267654419], [10, 0.6420695781707764], [11, 0.5833570957183838], [12, 0.5913602709770203]], "share": 1.0, "donor": 1, "inherited": 0.5984848484848485, "test_accuracy": null, "others": {"M2": {"ms": 0.2533634186570146, "low_ms": 0.18319842274549142, "high_ms": 0.35040160800265124, "source": "calibrated-3.2f43", "chip": "M2"}}}}');
INSERT INTO "trial_user_attributes" VALUES(24,10,'answer','{"state": "stopped", "reason": "rung 1 of 2: 1st of 10", "because": "", "evaluation": {"accuracy": 1.0, "latency": {"ms": 0.3277613832069543, "low_ms": 0.24662256072758038, "high_ms": 0.43559487828204224, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.010538, "macs": 60416, "parameters": 899, "residency": 1.0, "needs": "", "verified": {}, "seconds": {"build": 0.0124, "train": 0.02, "validate": 0.0045}, "losses": [[1, 0.7434840202331543], [2, 0.7554689645767212]], "share": 0.125, "donor": 2, "inherited": 0.7552581261950286, "test_accuracy": null, "others": {"M2": {"ms": 0.252820440174934, "low_ms": 0.18280581357551265, "high_ms": 0.34965066876193374, "source": "calibrated-3.2f43", "chip": "M2"}}}}');
INSERT INTO "trial_user_attributes" VALUES(25,8,'answer','{"state": "stopped", "reason": "rung 1 of 2: 5th of 10", "because": "", "evaluation": {"accuracy": 0.6666666666666666, "latency": {"ms": 0.3278121461643126, "low_ms": 0.24666075708375665, "high_ms": 0.43566234225237144, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.011178, "macs": 73008, "parameters": 1219, "residency": 1.0, "needs": "", "verified": {}, "seconds": {"build": 0.0137, "train": 0.0858, "validate": 0.0171}, "losses": [[1, 0.835781991481781], [2, 0.8218947052955627]], "share": 0.125, "donor": 1, "inherited": 0.8189533239038189, "test_accuracy": null, "others": {"M2": {"ms": 0.25287040642848746, "low_ms": 0.1828419424645607, "high_ms": 0.3497197720905982, "source": "calibrated-3.2f43", "chip": "M2"}}}}');
INSERT INTO "trial_user_attributes" VALUES(26,4,'answer','{"state": "stopped", "reason": "rung 1 of 2: 6th of 10", "because": "", "evaluation": {"accuracy": 0.3333333333333333, "latency": {"ms": 0.3284748998280844, "low_ms": 0.24715944306101162, "high_ms": 0.4365431418715242, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.018464, "macs": 162384, "parameters": 3107, "residency": 1.0, "needs": "", "verified": {}, "seconds": {"build": 0.0029, "train": 0.0786, "validate": 0.0056}, "losses": [[1, 1.0982111692428589], [2, 1.0389130115509033]], "share": 0.125, "donor": null, "inherited": 0.0, "test_accuracy": null, "others": {"M2": {"ms": 0.2535331600922593, "low_ms": 0.18332115697198792, "high_ms": 0.3506363604075946, "source": "calibrated-3.2f43", "chip": "M2"}}}}');
INSERT INTO "trial_user_attributes" VALUES(27,9,'answer','{"state": "stopped", "reason": "rung 1 of 2: 7th of 10", "because": "", "evaluation": {"accuracy": 0.7083333333333334, "latency": {"ms": 0.3289968504287911, "low_ms": 0.24755218241444027, "high_ms": 0.4372368142198634, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.018894, "macs": 162384, "parameters": 3107, "residency": 1.0, "needs": "", "verified": {}, "seconds": {"build": 0.0166, "train": 0.1239, "validate": 0.0242}, "losses": [[1, 0.7760873436927795], [2, 0.7441125512123108]], "share": 0.125, "donor": 1, "inherited": 0.33123569794050345, "test_accuracy": null, "others": {"M2": {"ms": 0.254055110692966, "low_ms": 0.18369856160012002, "high_ms": 0.351358218088372, "source": "calibrated-3.2f43", "chip": "M2"}}}}');
INSERT INTO "trial_user_attributes" VALUES(28,6,'answer','{"state": "stopped", "reason": "rung 1 of 2: 8th of 10", "because": "", "evaluation": {"accuracy": 0.5833333333333334, "latency": {"ms": 0.32896207372918057, "low_ms": 0.24752601484513212, "high_ms": 0.43719059598608095, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.017358, "macs": 124752, "parameters": 2339, "residency": 1.0, "needs": "", "verified": {}, "seconds": {"build": 0.0285, "train": 0.1205, "validate": 0.018}, "losses": [[1, 1.1380681991577148], [2, 1.139209270477295]], "share": 0.125, "donor": null, "inherited": 0.0, "test_accuracy": null, "others": {"M2": {"ms": 0.25402033399335544, "low_ms": 0.18367341575802995, "high_ms": 0.3513101219128106, "source": "calibrated-3.2f43", "chip": "M2"}}}}');
INSERT INTO "trial_user_attributes" VALUES(29,1,'answer','{"state": "stopped", "reason": "rung 1 of 2: 9th of 10", "because": "", "evaluation": {"accuracy": 0.3333333333333333, "latency": {"ms": 0.32884370063954693, "low_ms": 0.2474369455527065, "high_ms": 0.43703327814995785, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.015854, "macs": 92560, "parameters": 1587, "residency": 1.0, "needs": "", "verified": {}, "seconds": {"build": 5.3549, "train": 0.1471, "validate": 0.0319}, "losses": [[1, 1.1862694025039673], [2, 1.260042428970337]], "share": 0.125, "donor": null, "inherited": 0.0, "test_accuracy": null, "others": {"M2": {"ms": 0.25390275760752656, "low_ms": 0.18358840029466852, "high_ms": 0.35114751377120923, "source": "calibrated-3.2f43", "chip": "M2"}}}}');
INSERT INTO "trial_user_attributes" VALUES(30,5,'answer','{"state": "stopped", "reason": "rung 1 of 2: 10th of 10", "because": "", "evaluation": {"accuracy": 0.0, "latency": {"ms": 0.3288263122897417, "low_ms": 0.24742386176805245, "high_ms": 0.43701016903306666, "source": "calibrated-3.2f43", "chip": "A15"}, "size_mb": 0.01483, "macs": 67472, "parameters": 1075, "residency": 1.0, "needs": "", "verified": {}, "seconds": {"build": 0.0073, "train": 0.0431, "validate": 0.0103}, "losses": [[1, 1.3106743097305298], [2, 1.3480316400527954]], "share": 0.125, "donor": null, "inherited": 0.0, "test_accuracy": null, "others": {"M2": {"ms": 0.2538853692577213, "low_ms": 0.18357582737362352, "high_ms": 0.35112346568342856, "source": "calibrated-3.2f43", "chip": "M2"}}}}');
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
INSERT INTO "trial_values" VALUES(1,2,0,1.0,'FINITE');
INSERT INTO "trial_values" VALUES(2,2,1,3.28334096765019345376e-01,'FINITE');
INSERT INTO "trial_values" VALUES(3,2,2,2.53392357029194159601e-01,'FINITE');
INSERT INTO "trial_values" VALUES(4,3,0,1.0,'FINITE');
INSERT INTO "trial_values" VALUES(5,3,1,3.27761383206954304281e-01,'FINITE');
INSERT INTO "trial_values" VALUES(6,3,2,0.252820440174934,'FINITE');
INSERT INTO "trial_values" VALUES(7,7,0,1.0,'FINITE');
INSERT INTO "trial_values" VALUES(8,7,1,3.28304361689034929217e-01,'FINITE');
INSERT INTO "trial_values" VALUES(9,7,2,2.53363418657014616286e-01,'FINITE');
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
INSERT INTO "trials" VALUES(1,0,1,'PRUNED','2026-11-28 05:33:14.385420','2026-11-28 05:33:40.802740');
INSERT INTO "trials" VALUES(2,1,1,'COMPLETE','2026-11-28 05:33:14.770703','2026-11-28 05:33:34.035895');
INSERT INTO "trials" VALUES(3,2,1,'COMPLETE','2026-11-28 05:33:25.018021','2026-11-28 05:33:36.309324');
INSERT INTO "trials" VALUES(4,3,1,'PRUNED','2026-11-28 05:33:25.441295','2026-11-28 05:33:40.110663');
INSERT INTO "trials" VALUES(5,4,1,'PRUNED','2026-11-28 05:33:25.690661','2026-11-28 05:33:41.038710');
INSERT INTO "trials" VALUES(6,5,1,'PRUNED','2026-11-28 05:33:25.882727','2026-11-28 05:33:40.574475');
INSERT INTO "trials" VALUES(7,6,1,'COMPLETE','2026-11-28 05:33:35.982972','2026-11-28 05:33:39.385894');
INSERT INTO "trials" VALUES(8,7,1,'PRUNED','2026-11-28 05:33:37.125114','2026-11-28 05:33:39.874316');
INSERT INTO "trials" VALUES(9,8,1,'PRUNED','2026-11-28 05:33:37.513576','2026-11-28 05:33:40.346371');
INSERT INTO "trials" VALUES(10,9,1,'PRUNED','2026-11-28 05:33:37.867682','2026-11-28 05:33:39.634509');
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
