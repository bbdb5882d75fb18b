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
INSERT INTO "studies" VALUES(1,'tiny-data-A15-708ffe');
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
INSERT INTO "study_user_attributes" VALUES(1,1,'id','"8ea2732a65e7406f958caa7f83383937"');
INSERT INTO "study_user_attributes" VALUES(2,1,'settings','{"objectives": {"accuracy": 0.0, "latency_ms": 0.3293240970722119, "latency_ms@M2": 0.2541449024117054}, "space": "tiny 156694f1b12b", "data": "data e43a8304fa62", "chip": "A15", "latency": "calibrated-3.2f43, calibrated-3.2f43", "epochs": 8, "seed": 0, "inherit": true, "limits": {}, "latency_bound": "upper", "schema_version": 3, "input": "1x16x16"}');
INSERT INTO "study_user_attributes" VALUES(3,1,'data','"/data/data.npz"');
INSERT INTO "study_user_attributes" VALUES(4,1,'final','{"2": {"epochs": 112, "evaluation": null}}');
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
INSERT INTO "trial_params" VALUES(36,4,'stem.depth',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1]}}');
INSERT INTO "trial_params" VALUES(37,4,'stem.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16]}}');
INSERT INTO "trial_params" VALUES(38,4,'stem.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["conv"]}}');
INSERT INTO "trial_params" VALUES(39,4,'stem.conv.kernel',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3]}}');
INSERT INTO "trial_params" VALUES(40,4,'stem.conv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu", "hswish"]}}');
INSERT INTO "trial_params" VALUES(41,4,'stage1.depth',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [1, 2]}}');
INSERT INTO "trial_params" VALUES(42,4,'stage1.width',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [16, 32, 64]}}');
INSERT INTO "trial_params" VALUES(43,4,'stage1.block',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["dsconv", "mbconv", "mobileone"]}}');
INSERT INTO "trial_params" VALUES(44,4,'stage1.dsconv.kernel',1.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [3, 5]}}');
INSERT INTO "trial_params" VALUES(45,4,'stage1.dsconv.activation',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": ["relu"]}}');
INSERT INTO "trial_params" VALUES(46,4,'head.width',0.0,'{"name": "CategoricalDistribution", "attributes": {"choices": [0]}}');
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
INSERT INTO "trial_system_attributes" VALUES(4,4,'fixed_params','{"stem.depth": 1, "stem.width": 16, "stem.block": "conv", "stem.conv.kernel": 3, "stem.conv.activation": "relu", "stage1.depth": 2, "stage1.width": 32, "stage1.block": "dsconv", "stage1.dsconv.kernel": 5, "stage1.dsconv.activation": "relu", "head.width": 0}');
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
INSERT INTO "trial_user_attributes" VALUES(2,1,'answer','{"state": "completed", "reason": "", "reason_code": "", "evaluation": {"accuracy": 1.0, "latency_by_chip": {"A15": {"ms": 0.3289395302064138, "low_ms": 0.24750905207405102, "high_ms": 0.43716063564432395, "chip": "A15", "source": "calibrated", "version": "3.2f43", "device": null}, "M2": {"ms": 0.25387674121129883, "low_ms": 0.18356958872834334, "high_ms": 0.3511115330952263, "chip": "M2", "source": "calibrated", "version": "3.2f43", "device": null}}, "size_mb": 0.028821, "macs": 123328, "params": 7683, "residency": 1.0, "broken_rules": [], "budget_fraction": 1.0, "verified": {"fp32_difference": 1.5243353120628397e-08, "fp16_difference": 0.00026127107248757073, "fp16_agreement": 1.0}, "seconds": {"build": 2.7915, "train": 0.427, "validate": 0.0073, "convert": 3.2144, "verify": 0.0767, "cost": 0.0114}, "losses": [[1, 1.4348140954971313], [2, 1.4930155277252197], [3, 1.3867759704589844], [4, 1.4344006776809692], [5, 1.251335859298706], [6, 1.1254637241363525], [7, 1.0316779613494873], [8, 0.9721977114677429], [9, 0.8024810552597046], [10, 0.728630542755127], [11, 0.5668224096298218], [12, 0.47537004947662354], [13, 0.4183886647224426], [14, 0.35717785358428955], [15, 0.34148108959198], [16, 0.37213438749313354], [17, 0.32889842987060547], [18, 0.30983710289001465], [19, 0.30549299716949463], [20, 0.30483561754226685], [21, 0.3240583837032318], [22, 0.31665167212486267], [23, 0.33369436860084534], [24, 0.3307424485683441], [25, 0.30849841237068176], [26, 0.30791527032852173], [27, 0.30900734663009644], [28, 0.3105074167251587], [29, 0.326526939868927], [30, 0.311862051486969], [31, 0.3334144055843353], [32, 0.31574565172195435], [33, 0.3104068338871002], [34, 0.30935007333755493], [35, 0.3101820945739746], [36, 0.31196489930152893], [37, 0.3415869474411011], [38, 0.31068235635757446], [39, 0.31100159883499146], [40, 0.313576877117157], [41, 0.30757296085357666], [42, 0.3074188232421875], [43, 0.33317315578460693], [44, 0.3191421329975128], [45, 0.3105725347995758], [46, 0.30867135524749756], [47, 0.3119203746318817], [48, 0.3077581524848938]], "donor": null, "inherited": 0.0, "held_out": 48, "origin": "", "epochs": 0, "trained_steps": 48, "total_steps": 48}}');
INSERT INTO "trial_user_attributes" VALUES(3,2,'architecture','"1x1x16x16-conv_r1_s2_c16_k3_hswish-mbconv_r1_s2_c64_k3_e4_relu-head_n3"');
INSERT INTO "trial_user_attributes" VALUES(4,2,'answer','{"state": "completed", "reason": "", "reason_code": "", "evaluation": {"accuracy": 1.0, "latency_by_chip": {"A15": {"ms": 0.32848465788692904, "low_ms": 0.2471667854679677, "high_ms": 0.4365561103317287, "chip": "A15", "source": "calibrated", "version": "3.2f43", "device": null}, "M2": {"ms": 0.25344663412935753, "low_ms": 0.18325859300748917, "high_ms": 0.3505166950009015, "chip": "M2", "source": "calibrated", "version": "3.2f43", "device": null}}, "size_mb": 0.024072, "macs": 149696, "params": 6243, "residency": 1.0, "broken_rules": [], "budget_fraction": 1.0, "verified": {"fp32_difference": 1.2500295319476923e-07, "fp16_difference": 0.00032307013253188104, "fp16_agreement": 1.0}, "seconds": {"build": 0.0105, "train": 1.1766, "validate": 0.0172, "convert": 1.7085, "verify": 0.0572, "cost": 0.0114}, "losses": [[1, 1.0826071500778198], [2, 1.0697561502456665], [3, 1.0066498517990112], [4, 0.931719958782196], [5, 0.8327377438545227], [6, 0.7021931409835815], [7, 0.5835021138191223], [8, 0.49192869663238525], [9, 0.3908112645149231], [10, 0.39226412773132324], [11, 0.30725783109664917], [12, 0.2966926693916321], [13, 0.30019640922546387], [14, 0.30369603633880615], [15, 0.31158435344696045], [16, 0.3355892300605774], [17, 0.32398661971092224], [18, 0.3242981731891632], [19, 0.32268619537353516], [20, 0.3200168311595917], [21, 0.31824544072151184], [22, 0.32878372073173523], [23, 0.361690878868103], [24, 0.3348880410194397], [25, 0.3110620677471161], [26, 0.3063138723373413], [27, 0.3045077323913574], [28, 0.3015700876712799], [29, 0.33283451199531555], [30, 0.2973586618900299], [31, 0.3439118266105652], [32, 0.30236315727233887], [33, 0.29862353205680847], [34, 0.299420565366745], [35, 0.2956973910331726], [36, 0.30707409977912903], [37, 0.34360623359680176], [38, 0.30643677711486816], [39, 0.3096429407596588], [40, 0.3025875985622406], [41, 0.2938200831413269], [42, 0.29370003938674927], [43, 0.34240466356277466], [44, 0.3130444288253784], [45, 0.2995232343673706], [46, 0.30568599700927734], [47, 0.3038642704486847], [48, 0.293825626373291]], "donor": 0, "inherited": 0.27565128802212197, "held_out": 48, "origin": "trial 0", "epochs": 0, "trained_steps": 48, "total_steps": 96}}');
INSERT INTO "trial_user_attributes" VALUES(5,3,'architecture','"1x1x16x16-conv_r1_s2_c16_k3_relu-dsconv_r1_s2_c64_k5_relu-head_n3"');
INSERT INTO "trial_user_attributes" VALUES(6,3,'answer','{"state": "completed", "reason": "", "reason_code": "", "evaluation": {"accuracy": 1.0, "latency_by_chip": {"A15": {"ms": 0.3276602764212754, "low_ms": 0.24654648338696417, "high_ms": 0.435460507363875, "chip": "A15", "source": "calibrated", "version": "3.2f43", "device": null}, "M2": {"ms": 0.25269217804029714, "low_ms": 0.18271307161265157, "high_ms": 0.34947328222973095, "chip": "M2", "source": "calibrated", "version": "3.2f43", "device": null}}, "size_mb": 0.013527, "macs": 32192, "params": 1859, "residency": 1.0, "broken_rules": [], "budget_fraction": 1.0, "verified": {"fp32_difference": 6.155302972014177e-08, "fp16_difference": 0.0002529213991200625, "fp16_agreement": 1.0}, "seconds": {"build": 0.0129, "train": 0.5293, "validate": 0.0086, "convert": 0.9705, "verify": 0.0285, "cost": 0.0059}, "losses": [[1, 0.5227774381637573], [2, 0.5462948083877563], [3, 0.5278826951980591], [4, 0.551372230052948], [5, 0.501758873462677], [6, 0.4863651394844055], [7, 0.45826587080955505], [8, 0.4517657160758972], [9, 0.44219356775283813], [10, 0.4137328863143921], [11, 0.37780898809432983], [12, 0.3550315499305725], [13, 0.33247071504592896], [14, 0.32024210691452026], [15, 0.31032177805900574], [16, 0.3370974063873291], [17, 0.3176986575126648], [18, 0.30563950538635254], [19, 0.30081498622894287], [20, 0.2999299466609955], [21, 0.32532739639282227], [22, 0.32296478748321533], [23, 0.3341198265552521], [24, 0.31883466243743896], [25, 0.3012312054634094], [26, 0.2999577820301056], [27, 0.29973751306533813], [28, 0.29983481764793396], [29, 0.3259870409965515], [30, 0.30123281478881836], [31, 0.3321847915649414], [32, 0.30610498785972595], [33, 0.3012530505657196], [34, 0.30166763067245483], [35, 0.3011700510978699], [36, 0.30442798137664795], [37, 0.3334084451198578], [38, 0.30195218324661255], [39, 0.30241602659225464], [40, 0.3057442903518677], [41, 0.30077868700027466], [42, 0.30006143450737], [43, 0.3200591206550598], [44, 0.3118619918823242], [45, 0.30365189909935], [46, 0.3010319173336029], [47, 0.3044438064098358], [48, 0.3001951575279236]], "donor": 0, "inherited": 1.0, "held_out": 48, "origin": "trial 0", "epochs": 0, "trained_steps": 48, "total_steps": 96}}');
INSERT INTO "trial_user_attributes" VALUES(7,4,'architecture','"1x1x16x16-conv_r1_s2_c16_k3_relu-dsconv_r2_s2_c32_k5_relu-head_n3"');
INSERT INTO "trial_user_attributes" VALUES(8,4,'answer','{"state": "completed", "reason": "", "reason_code": "", "evaluation": {"accuracy": 1.0, "latency_by_chip": {"A15": {"ms": 0.32818793967030824, "low_ms": 0.2469435211966202, "high_ms": 0.43616177182183963, "chip": "A15", "source": "calibrated", "version": "3.2f43", "device": null}, "M2": {"ms": 0.2532125282906019, "low_ms": 0.18308931908214165, "high_ms": 0.35019292662590246, "chip": "M2", "source": "calibrated", "version": "3.2f43", "device": null}}, "size_mb": 0.019213, "macs": 53088, "params": 3107, "residency": 1.0, "broken_rules": [], "budget_fraction": 1.0, "verified": {"fp32_difference": 1.2359339133777178e-07, "fp16_difference": 0.00029538820529727457, "fp16_agreement": 1.0}, "seconds": {"build": 0.0179, "train": 0.9016, "validate": 0.0219, "convert": 1.2529, "verify": 0.0504, "cost": 0.0074}, "losses": [[1, 0.44887661933898926], [2, 0.47214555740356445], [3, 0.4555872082710266], [4, 0.48144447803497314], [5, 0.435363233089447], [6, 0.42844611406326294], [7, 0.40124422311782837], [8, 0.3944917619228363], [9, 0.3934355676174164], [10, 0.3730648159980774], [11, 0.3447602093219757], [12, 0.32939475774765015], [13, 0.31302690505981445], [14, 0.3073394298553467], [15, 0.300803005695343], [16, 0.3363145589828491], [17, 0.3134949803352356], [18, 0.3046835958957672], [19, 0.301332950592041], [20, 0.30106106400489807], [21, 0.31882333755493164], [22, 0.3206278681755066], [23, 0.33312398195266724], [24, 0.3211289644241333], [25, 0.30235472321510315], [26, 0.29959946870803833], [27, 0.2994455397129059], [28, 0.299432635307312], [29, 0.32504528760910034], [30, 0.3003307282924652], [31, 0.3314162790775299], [32, 0.30651819705963135], [33, 0.29904186725616455], [34, 0.29940181970596313], [35, 0.29957860708236694], [36, 0.30325108766555786], [37, 0.3345440626144409], [38, 0.3006661534309387], [39, 0.3018409311771393], [40, 0.3059048056602478], [41, 0.29836151003837585], [42, 0.2974216341972351], [43, 0.31806451082229614], [44, 0.31341317296028137], [45, 0.30269482731819153], [46, 0.30014535784721375], [47, 0.3047194182872772], [48, 0.29831430315971375]], "donor": 0, "inherited": 1.0, "held_out": 48, "origin": "trial 0", "epochs": 0, "trained_steps": 48, "total_steps": 96}}');
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
INSERT INTO "trial_values" VALUES(2,1,1,3.28939530206413810464e-01,'FINITE');
INSERT INTO "trial_values" VALUES(3,1,2,2.53876741211298828648e-01,'FINITE');
INSERT INTO "trial_values" VALUES(4,2,0,1.0,'FINITE');
INSERT INTO "trial_values" VALUES(5,2,1,3.28484657886929043435e-01,'FINITE');
INSERT INTO "trial_values" VALUES(6,2,2,2.53446634129357528664e-01,'FINITE');
INSERT INTO "trial_values" VALUES(7,3,0,1.0,'FINITE');
INSERT INTO "trial_values" VALUES(8,3,1,3.27660276421275376002e-01,'FINITE');
INSERT INTO "trial_values" VALUES(9,3,2,2.52692178040297144026e-01,'FINITE');
INSERT INTO "trial_values" VALUES(10,4,0,1.0,'FINITE');
INSERT INTO "trial_values" VALUES(11,4,1,3.28187939670308237438e-01,'FINITE');
INSERT INTO "trial_values" VALUES(12,4,2,2.53212528290601923686e-01,'FINITE');
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
INSERT INTO "trials" VALUES(1,0,1,'COMPLETE','2026-11-28 10:43:23.642615','2026-11-28 10:43:32.582752');
INSERT INTO "trials" VALUES(2,1,1,'COMPLETE','2026-11-28 10:43:34.627895','2026-11-28 10:43:37.784072');
INSERT INTO "trials" VALUES(3,2,1,'COMPLETE','2026-11-28 10:43:38.943455','2026-11-28 10:43:40.615882');
INSERT INTO "trials" VALUES(4,3,1,'COMPLETE','2026-11-28 10:43:41.778869','2026-11-28 10:43:44.173096');
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
