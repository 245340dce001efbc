using System.Text.RegularExpressions;
using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Emit;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Importers;
using OnnxFunctional.Export.Runtime;
using OnnxFunctional.Training.Engine;

namespace OnnxFunctional.Tests.OnnxBackend;

internal enum BackendOutcome
{
    Passed,
    Refused,
    Failed,
}

/// <summary>What came of one test, and why.</summary>
/// <param name="Name">The test.</param>
/// <param name="Outcome">Whether the file's model computes what the suite says.</param>
/// <param name="Reason">Why not.</param>
/// <param name="Gradient">Whether its gradient agrees with central differences; null if there is none.</param>
internal sealed record BackendResult(string Name, BackendOutcome Outcome, string Reason, bool? Gradient = null);

/// <summary>Opens the file of a test, computes it in the engine, exports it again and runs that in ONNX Runtime.</summary>
internal static partial class BackendRun
{
    public static BackendResult Of(BackendTest test)
    {
        try
        {
            var file = OnnxFileGuard.ReadBytes(test.Model, "the file", null, new OnnxFileLimits(), forEngine: true);
            if (Compare(file, test) is { } difference) return new(test.Name, BackendOutcome.Failed, difference);
            var (gradient, reason) = Gradients(file, test);
            return new(test.Name, gradient == false ? BackendOutcome.Failed : BackendOutcome.Passed, reason, gradient);
        }
        catch (Exception refusal) when (refusal is ModelException or ExportException)
        {
            return new(test.Name, BackendOutcome.Refused, refusal.Message.ReplaceLineEndings(" "));
        }
        catch (Exception failure)
        {
            return new(test.Name, BackendOutcome.Failed, failure.ToString());
        }
    }

    private static (bool? Agrees, string Reason) Gradients(CheckedModel file, BackendTest test)
    {
        if (test.DataSets.Count == 0) return (null, "");
        TensorData[] inputs = [.. test.DataSets[0].Inputs.Select(bytes => BackendValues.Read(bytes)!)];
        var (model, given) = Open(file, inputs);
        try
        {
            return BackendGradient.Check(model, given) is { } wrong ? (false, wrong) : (true, "");
        }
        catch (ModelException none)
        {
            return (null, "no gradient: " + none.Message.ReplaceLineEndings(" "));
        }
    }

    /// <summary>The first difference; null if there is none.</summary>
    private static string? Compare(CheckedModel file, BackendTest test)
    {
        foreach (var set in test.DataSets)
        {
            TensorData?[] inputs = [.. set.Inputs.Select(BackendValues.Read)];
            TensorData?[] outputs = [.. set.Outputs.Select(BackendValues.Read)];
            if (inputs.Concat(outputs).Any(value => value is null)) throw new ModelException("a value is no tensor of a type that is computed.");
            var (model, given) = Open(file, inputs!);
            var names = file.Model.Graph.Output.Select(output => output.Name).ToArray();
            var results = Engine(model, given);
            for (var i = 0; i < outputs.Length; i++)
            {
                if (BackendValues.Difference(outputs[i]!, results[i]) is { } difference) return $"engine, output '{names[i]}': {difference}";
            }

            var written = Exported(model, given);
            for (var i = 0; i < outputs.Length; i++)
            {
                if (BackendValues.Difference(outputs[i]!, written[i]) is { } difference) return $"exported again, output '{names[i]}': {difference}";
            }
        }

        return null;
    }

    /// <summary>The model, with those inputs fixed to the test's values that refusals ask for.</summary>
    private static (Model Model, TensorData[] Given) Open(CheckedModel file, TensorData[] inputs)
    {
        var stored = file.Model.Graph.Initializer.Select(tensor => tensor.Name).ToHashSet();
        string[] names = [.. file.Model.Graph.Input.Select(input => input.Name).Where(name => !stored.Contains(name))];
        var bound = new HashSet<string>();
        var options = new ImportOptions();
        while (true)
        {
            try
            {
                var model = GraphImport.Run(file, options).Model;
                return (model, [.. names.Index().Where(input => !bound.Contains(input.Item)).Select(input => inputs[input.Index])]);
            }
            catch (OnnxFileException refusal) when (Asked().Match(refusal.Message) is { Success: true } asked && bound.Add(asked.Groups[1].Value))
            {
                var name = asked.Groups[1].Value;
                options = options.Bind(name, BackendValues.Array(inputs[Array.IndexOf(names, name)]));
            }
        }
    }

    private static TensorData[] Engine(Model model, TensorData[] given)
    {
        Value[] inputs = [.. model.Inputs.Select(input => input.Value)];
        Value[] outputs = [.. model.Outputs.Select(output => output.Value)];
        TensorSpec[] specs = [.. given.Select(data => new TensorSpec(data.Shape, data.Type))];
        using var plan = Planner.Plan(new PlanRequest(PlanOptions.Of(model, model.Seed), inputs, outputs, []), specs);
        for (var i = 0; i < given.Length; i++) BackendValues.Array(given[i]).CopyTo(plan.Inputs[i]);
        plan.Run(ModelEngine.Of(model).Pool);
        return [.. plan.Outputs.Select(BackendValues.Data)];
    }

    private static TensorData[] Exported(Model model, TensorData[] given)
    {
        var emitted = OnnxEmitter.Emit(model, new EmissionOptions());
        using var session = OnnxSession.Open(emitted.Proto.ToByteArray(), "the exported file", ExecutionProvider.Cpu, new OnnxModelOptions());
        string[] inputs = [.. emitted.Inputs.Select(input => input.Name)];
        string[] outputs = [.. emitted.Outputs.Select(output => output.Name)];
        return [.. session.Run(inputs, [.. given.Select(BackendValues.Onnx)], outputs, CancellationToken.None).Select(BackendValues.Data)];
    }

    [GeneratedRegex("""ImportOptions\.Bind\("([^"]+)", values\)""")]
    private static partial Regex Asked();
}
