using OnnxFunctional.Operators;

namespace OnnxFunctional.Training.Diagnosing;

/// <summary>Units that give 0 for every sample, or lie where their activation is flat.</summary>
internal sealed class UnitCheck : IFaultCheck
{
    // Of inputs that are all positive and alike, half of the units of a new relu layer are dead, and of a small layer some more by chance.
    private const double LargestShare = 0.9;

    // The share of samples for which a saturated unit is flat.
    private const double NearlyAll = 0.95;

    // A slope of a twentieth of the steepest: 0.975 and more of tanh, 0.987 and more of sigmoid.
    private const double FlatSlope = 0.05;

    // A unit may give 0 for fewer by chance.
    private const int LeastValues = 32;

    public string Subject => "dead and saturated units";

    public void Run(Examination examination)
    {
        if (examination.CannotTry is { } reason)
        {
            examination.Skip(Subject, reason);
            return;
        }

        var outputs = examination.Model.Outputs.Select(output => ExaminedOutput.Unmoved(output.Value)).ToHashSet();

        // A gate is meant to be flat at times, and what a model ends with is judged with its loss.
        var gates = examination.Model.Graph.Nodes.Where(node => node.Op is Mul).SelectMany(node => node.Inputs).ToHashSet();
        var nodes = examination.Model.Graph.Nodes.Where(node => node.Outputs[0].Spec is { Type: DType.Float32, Shape.Rank: >= 2 }
            && (node.Op is Relu || (node.Op is Sigmoid or Tanh && !outputs.Contains(node.Outputs[0]) && !gates.Contains(node.Outputs[0])))).ToList();
        if (nodes.Count == 0) return;
        if (examination.Sample.Count < LeastValues)
        {
            examination.Skip(Subject, $"it needs {LeastValues} samples.");
            return;
        }

        var values = examination.Infer([.. nodes.Select(node => node.Outputs[0])], examination.Sample);

        // A recurrent layer that is written out has an activation for each step.
        var found = Enumerable.Range(0, nodes.Count).Select(i => Judge(examination, nodes[i], values[i].Shape, values[i].Elements)).OfType<Finding>();
        foreach (var finding in found.DistinctBy(finding => (finding.Kind, finding.Where))) examination.Add(finding.Kind, finding.Where, finding.Sentence);
    }

    private static Finding? Judge(Examination examination, Node node, Shape shape, float[] values)
    {
        // Files of others hold images channels first: what a unit is there is not known, and all of the layer counts.
        var units = shape.Rank > 2 && node.Scope?.Layer is OperatorLayer ? 1 : shape.Dims[^1];
        if (units == 0 || values.Length / units < LeastValues) return null;
        var flat = new int[units];
        for (var i = 0; i < values.Length; i++) flat[i % units] += IsFlat(node.Op, values[i]) ? 1 : 0;
        var positions = values.Length / units;
        var isRelu = node.Op is Relu;
        var count = flat.Count(times => times >= (isRelu ? positions : NearlyAll * positions));
        if (count <= LargestShare * units) return null;
        var (path, what) = node.Scope is { } call ? (call.Path, $"layer '{call.Path}' ({call.Layer.ClassName})") : ("", "an operator of the model");
        var samples = examination.Sample.Count;
        return new Finding(
            isRelu ? FindingKind.DeadUnits : FindingKind.SaturatedUnits,
            path,
            isRelu
                ? $"{count} of {units} units of {what} give 0 for all {samples} samples, so they learn nothing. "
                + "Use a smaller learning rate and Initializer.HeNormal, or Activation.LeakyRelu."
                : $"{count} of {units} units of {what} are saturated for {NearlyAll * 100} % of {samples} samples: the slope of {node.Op.Name} is below "
                + "a twentieth of its largest there. Use smaller initial weights (Initializer.GlorotUniform) and scaled inputs.");
    }

    private static bool IsFlat(Op op, float value) => op switch
    {
        Relu => value == 0,
        Tanh => 1 - (value * value) < FlatSlope,
        _ => 4 * value * (1 - value) < FlatSlope,
    };
}
