using System.CommandLine;
using System.CommandLine.Parsing;
using OnnxFunctional.Cli.Networks;
using OnnxFunctional.Cli.Samples;
using OnnxFunctional.Cli.Usage;
using OnnxFunctional.Training;

namespace OnnxFunctional.Cli.Commands;

/// <summary>The options that name loss and metrics.</summary>
internal sealed class GoalArguments
{
    private readonly Option<Loss?> _loss = Typed.Named(
        "--loss", "Keras' name of the loss; by default cross-entropy for classes, mean_squared_error for numbers.", "NAME", Loss.Named);

    private readonly Option<Metric[]> _metrics = new("--metric")
    {
        Description = "Keras' name of a metric; may be given several times. By default accuracy for classes, mean_absolute_error for numbers.",
        HelpName = "NAME",
        DefaultValueFactory = _ => [],
        CustomParser = result => [.. result.Tokens.Select(token => Named(result, token.Value)).OfType<Metric>()],
    };

    public Option[] Options => [_loss, _metrics];

    public void AddTo(Command command)
    {
        command.Add(_loss);
        command.Add(_metrics);
    }

    /// <summary>What an output is trained or judged by.</summary>
    public Goal Of(ParseResult parsed, TensorInfo output, OutputScale scale, Target target) =>
        Goal.For(output, scale, target, parsed.GetValue(_loss), parsed.GetValue(_metrics) ?? []);

    /// <summary>The data with the targets that the named loss and metrics take: class indices, or one-hot for those that compare values.</summary>
    public LoadedData Suited(ParseResult parsed, LoadedData data, IReadOnlyList<TensorInfo> outputs)
    {
        IEnumerable<string> names = (parsed.GetValue(_metrics) ?? []).Select(metric => metric.Name);
        if (parsed.GetValue(_loss) is { } loss) names = names.Append(loss.Name);
        return names.Any(name => name != Metric.Accuracy.Name && !name.StartsWith("sparse_", StringComparison.Ordinal)) ? data.OneHot(outputs) : data;
    }

    private static Metric? Named(ArgumentResult result, string name)
    {
        try
        {
            return Metric.Named(name);
        }
        catch (ModelException unknown)
        {
            result.AddError($"--metric: {unknown.Message}");
            return null;
        }
    }
}
