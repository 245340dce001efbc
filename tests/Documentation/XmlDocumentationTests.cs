using System.Text.RegularExpressions;

namespace OnnxFunctional.Tests.Documentation;

/// <summary>What the XML documentation says about public members.</summary>
[TestClass]
public sealed partial class XmlDocumentationTests
{
    private static readonly string[] s_first =
    [
        "Activation", "CustomObjects", "Initializer", "Layer", "MergeLayer", "Model", "ModelInput", "MultiOutputLayer", "Ops", "PruningOptions", "Sequential",
        "SymbolicTensor", "Warnings",
        "BatchNormalization", "Bidirectional", "Concatenate", "Conv2D", "Dense", "Dot", "Dropout", "Embedding", "Gru", "Lambda", "Lstm", "MaxPooling2D",
        "MultiHeadAttention", "Normalization", "Rescaling", "Rnn", "StringLookup", "TextVectorization", "TimeDistributed",
        "Adam", "Callback", "Compilation", "CsvLogger", "CsvTable", "DataPreparation", "Dataset", "EarlyStopping", "Gradient", "GradientCheck", "History",
        "Idx", "ImageFolder", "KFold", "LambdaCallback", "LearningRateScheduler", "Loss", "Metric", "ModelSelection", "NDArray", "NDArrays", "Npy", "Npz",
        "Optimizer", "Prediction", "ReduceLROnPlateau", "Schedule", "Sgd", "SparseCategoricalCrossentropy", "TensorBoard", "TerminateOnNaN", "Trainer",
        "TrainingStep",
        "BackupAndRestore", "ExportOptions", "KerasFile", "ModelCheckpoint", "ModelFile", "OnnxExporter", "OnnxFile", "OnnxModel", "OnnxTrainer", "OnnxValue",
        "PruningReport", "TrainerFile", "TrainingExporter",
    ];

    private static readonly string[] s_calls =
    [
        "Layer.Call", "MergeLayer.Call", "LayerBase.Call", "LayerBase.SetWeights", "LayerBase.Weight", "Model.GetLayer", "Model.Build", "Model.ToJson",
        "Model.FromJson", "Model.Prune", "ModelInput.Input", "Sequential.Add", "Sequential.Pop", "Sequential.Sequential", "SymbolicTensor.Apply",
        "Compilation.Compile", "Trainer.Fit", "Trainer.FitAsync", "Trainer.Evaluate", "Trainer.Predict", "Trainer.TrainOnBatch", "Trainer.TestOnBatch",
        "Trainer.PredictOnBatch", "Trainer.ComputeGradients", "Trainer.MeasureMemory", "Prediction.Predict", "Prediction.PredictAll", "Prediction.PredictNamed",
        "TrainingStep.From", "TrainingStep.Run", "TrainingStep.Save", "TrainingStep.Restore", "GradientCheck.Run", "Gradient.Of", "CsvTable.Read",
        "ImageFolder.Open",
        "Npy.Read", "Npy.Write", "Npz.Read", "Npz.ReadAll", "Npz.Write", "Idx.ReadImages", "Idx.ReadLabels", "ModelSelection.TrainTestSplit",
        "OnnxExporter.ExportOnnx", "ModelFile.Load", "KerasFile.Load", "KerasFile.Save", "KerasFile.LoadWeights", "KerasFile.SaveWeights",
        "KerasFile.LoadOptimizer", "TrainerFile.Save", "TrainerFile.Load", "TrainerFile.Restore", "TrainingExporter.ExportTraining", "OnnxFile.Verify",
        "OnnxFile.Summarize", "OnnxModel.Load", "OnnxModel.FromBytes", "OnnxModel.Predict", "OnnxModel.Run", "OnnxTrainer.Load", "OnnxTrainer.TrainOnBatch",
        "OnnxTrainer.Evaluate", "OnnxTrainer.Predict", "OnnxTrainer.Save", "OnnxTrainer.Restore", "OnnxTrainer.ToModel",
    ];

    [TestMethod]
    public void Every_parameter_of_a_public_member_is_documented()
    {
        var missing = PublicMember.All
            .Select(member => (Member: member, Names: member.Undocumented.ToList()))
            .Where(entry => entry.Names.Count > 0)
            .Select(entry => $"{entry.Member.Place}: {entry.Member.Type}.{entry.Member.Name}: {string.Join(", ", entry.Names)}")
            .ToList();
        Assert.IsEmpty(missing, string.Join('\n', missing));
    }

    [TestMethod]
    public void Members_that_refuse_something_say_so()
    {
        var missing = PublicMember.All
            .Where(member => !member.Inherits && !member.Says("<exception") && Refusal().IsMatch(member.Code))
            .Select(member => $"{member.Place}: {member.Type}.{member.Name}")
            .ToList();
        Assert.IsEmpty(missing, string.Join('\n', missing));
    }

    /// <summary>Classes that a user writes first have an example, of themselves or of a member.</summary>
    [TestMethod]
    public void Classes_that_a_user_starts_with_have_an_example()
    {
        var missing = s_first.Where(name => !PublicMember.All.Any(member => member.Type == name && member.Says("<example"))).ToList();
        Assert.IsEmpty(missing, string.Join(", ", missing));
    }

    /// <summary>What a user calls first says what it refuses, in each overload, even where other code refuses it.</summary>
    [TestMethod]
    public void Methods_that_a_user_calls_first_say_what_they_throw()
    {
        var found = PublicMember.All.Where(member => !member.IsType || member.Parameters.Count > 0).ToLookup(member => $"{member.Type}.{member.Name}");
        var missing = s_calls.Where(name => !found[name].Any() || found[name].Any(member => !member.Inherits && !member.Says("<exception"))).ToList();
        Assert.IsEmpty(missing, string.Join(", ", missing));
    }

    /// <summary>What code holds that checks what it is given. Null is refused everywhere, without a word.</summary>
    [GeneratedRegex(@"throw new (?!ArgumentNull|Unreachable)|\bCheck\.\w|\b(Positive|Rate|Checked|Share|Fraction)\(|ThrowIf(?!Null)")]
    private static partial Regex Refusal();
}
