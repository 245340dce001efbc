using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Export.TrainingStep;

/// <summary>Training steps in ONNX Runtime.</summary>
internal sealed class OnnxBackend(ExecutionProvider provider, OnnxModelOptions options) : Backend
{
    /// <summary>Throws if anything keeps ONNX Runtime from making the steps.</summary>
    /// <exception cref="ModelException">Something does; all of it is named.</exception>
    public static void Refuse(IEnumerable<string> problems, Model model, ExecutionProvider provider)
    {
        var list = string.Concat(problems.Distinct().Select(problem => Environment.NewLine + "- " + problem));
        if (list.Length == 0) return;
        throw new ModelException(
            $"ONNX Runtime on {provider} cannot make the training steps of model '{model.Name}':{list}{Environment.NewLine}"
            + "Change what is named, or leave out backend: to train by the engine.");
    }

    internal override StepExecutor Training(CompiledTraining compiled, ModelEngine engine, ulong seed)
    {
        var problems = new List<string>();
        try
        {
            OrtSetup.Check(provider, options);
        }
        catch (ExportException missing)
        {
            problems.Add(missing.Message);
        }

        foreach (var (name, input) in compiled.Model.InputNames.Zip(compiled.Model.Inputs))
        {
            if (input.DType == DType.String)
                problems.Add($"input '{name}' takes text, but a step takes numbers; train a model of token ids, as TextVectorization.Apply returns them");
        }

        if (compiled.Distribution.IsShared)
            problems.Add("distribution: gradients that processes share are the engine's; steps of ONNX Runtime are those of one process");
        if (compiled.Precision.Type() is { } type)
            problems.Add($"precision: {type.KerasName()} is the engine's; steps of ONNX Runtime are float32");
        AddUnwritable(compiled.In(MixedPrecision.Float32), seed, problems);
        Refuse(problems, compiled.Model, provider);
        return new ExportedSteps(compiled, seed, provider, options);
    }

    internal override StepExecutor Evaluation(CompiledTraining compiled, ModelEngine engine, ulong seed, StepExecutor training) =>
        new ExportedEvaluation((ExportedSteps)training, base.Evaluation(compiled, engine, seed, training));

    /// <summary>Writes the step for the targets that the losses expect, with an optimizer state of its own: the trainer's begins with its first step.</summary>
    private static void AddUnwritable(CompiledTraining compiled, ulong seed, List<string> problems)
    {
        try
        {
            ExportedStep.Write(compiled, seed, TrainingTargets.Of(compiled, null), [], problems);
        }
        catch (ModelException)
        {
            // The loss takes other targets, which only the data will show.
        }
    }
}
