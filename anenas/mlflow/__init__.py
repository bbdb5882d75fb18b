"""Exported programs as models of MLflow: a flavour, which `mlflow.pyfunc` loads on any machine.

mlflow.pyfunc.load_model("runs:/RUN/model").predict(inputs)    # a table with a column for each class or number
mlflow.pyfunc.load_model("runs:/RUN/model", model_config={"engine": "core_ml"})  # the same by Core ML, on a Mac
anenas.mlflow.load_model("models:/NAME@knee")                   # the program, as `anenas.load_program` gives it
"""

from anenas.mlflow._flavour import FLAVOUR, load_model, save_model
from anenas.mlflow._log import log_model, register_model
from anenas.mlflow._predictor import Predictor, _load_pyfunc

__all__ = ["FLAVOUR", "Predictor", "_load_pyfunc", "load_model", "log_model", "register_model", "save_model"]
