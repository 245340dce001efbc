using System.Globalization;
using OnnxFunctional.Operators;
using OnnxFunctional.Training;

namespace OnnxFunctional.Visualization.Inside;

/// <summary>The score of a class that a picture explains.</summary>
/// <param name="Index">The class.</param>
/// <param name="Name">Its name.</param>
/// <param name="Given">What the model gives for it: a probability, or a score.</param>
/// <param name="Score">What is differentiated: one number per sample.</param>
internal sealed record ExplainedClass(int Index, string Name, double Given, Value Score)
{
    /// <summary>The class and what the model gives for it.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Name} {Given:0.00#}");

    /// <summary>Chooses the class.</summary>
    /// <remarks>
    /// A softmax or sigmoid at the end is left out: where it is sure, its gradient is almost 0, and that of a softmax also tells what would make other classes
    /// less likely. One output behind a sigmoid has two classes, and the score of class 0 is that of class 1 with the other sign.
    /// </remarks>
    /// <param name="model">The model.</param>
    /// <param name="sample">The sample.</param>
    /// <param name="classIndex">The class; null for that with the highest score.</param>
    /// <param name="classNames">The names of the classes; null for their numbers.</param>
    /// <param name="output">The name of the output; null for the first that has scores.</param>
    /// <exception cref="ModelException">No output has scores, they are not finite, or there is no such class.</exception>
    public static ExplainedClass Of(Model model, OneSample sample, int? classIndex, IReadOnlyList<string>? classNames, string? output)
    {
        var place = Output(model, output);
        var chosen = model.Outputs[place];
        var row = sample.Part(ValueProbe.Compute(model, sample.Inputs, [chosen.Value])[0]).Elements;
        if (!row.All(float.IsFinite))
        {
            throw new ModelException(
                $"The scores of output '{model.OutputNames[place]}' are not finite, so none can be explained. model.Debug(x) tells where that begins.");
        }

        var (logits, isSigmoid) = WithoutActivation(chosen);
        var isBinary = row.Length == 1 && isSigmoid;
        double[] given = isBinary ? [1 - row[0], row[0]] : Array.ConvertAll(row, value => (double)value);
        if (classNames is not null && classNames.Count != given.Length)
            throw new ModelException($"classNames has {classNames.Count} names, and the scores are of {given.Length} classes.");
        var index = classIndex ?? Array.IndexOf(given, given.Max());
        if (index < 0 || index >= given.Length)
            throw new ModelException($"classIndex is {index}, but the scores are of {given.Length} classes; expected a number from 0 to {given.Length - 1}.");
        var column = logits[.., isBinary ? 0 : index];
        var name = classNames?[index] ?? "class " + index.ToString(CultureInfo.InvariantCulture);
        return new ExplainedClass(index, name, given[index], (isBinary && index == 0 ? -column : column).Value);
    }

    private static int Output(Model model, string? name)
    {
        var scores = Enumerable.Range(0, model.Outputs.Count).Where(i => model.Outputs[i] is { Rank: 2 } each && each.DType.IsFloating()).ToList();
        if (name is not null) return InnerLayers.Named(model, name, scores, i => model.OutputNames[i], "output of scores (batch, classes)");
        return scores.Count > 0 ? scores[0] : throw new ModelException(
            $"Model '{model.Name}' has no output of scores: expected (batch, classes), got {string.Join(", ", model.Outputs.Select(each => each.Shape))}. "
            + "Make a model that ends in one, for example with a GlobalAveragePooling2D.");
    }

    private static (SymbolicTensor Logits, bool IsSigmoid) WithoutActivation(SymbolicTensor output)
    {
        var value = output.Value;
        while (value.Producer.Op is Identity) value = value.Producer.Inputs[0];
        return value.Producer.Op is Operators.Softmax or LogSoftmax or Sigmoid
            ? (new SymbolicTensor(value.Producer.Inputs[0]), value.Producer.Op is Sigmoid)
            : (new SymbolicTensor(value), false);
    }
}
