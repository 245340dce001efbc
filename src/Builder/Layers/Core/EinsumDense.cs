using System.Text.RegularExpressions;

namespace OnnxFunctional.Layers;

/// <summary>A weighted sum over axes named by letters: <c>y = activation(einsum(equation, x, kernel) + bias)</c>.</summary>
/// <remarks>
/// <para>
/// The equation names the axes of input, kernel and output: <c>"ab,bc->ac"</c> is a Dense layer, <c>"...x,xy->...y"</c> one over any axes in front.
/// </para>
/// <para>Input: the axes of the first list. Output: those of the last. Weights: kernel (the axes of the second list), bias (the bias axes).</para>
/// <para>Keras: https://keras.io/api/layers/core_layers/einsum_dense/</para>
/// </remarks>
/// <param name="equation">Three lists of letters: <c>input,kernel->output</c>; an ellipsis may be at the start or at the end of input and output.</param>
/// <param name="outputShape">
/// The output's dimensions without the batch and without those of an ellipsis; <see langword="null"/> for those that follow from the input.
/// </param>
/// <param name="activation">Activation applied to the sum; linear by default.</param>
/// <param name="biasAxes">The output's axes along which the bias extends; no bias by default.</param>
/// <param name="kernelInitializer">Initializer of the kernel; Glorot uniform by default.</param>
/// <param name="biasInitializer">Initializer of the bias; zeros by default.</param>
/// <param name="kernelRegularizer">A penalty on the kernel.</param>
/// <param name="biasRegularizer">A penalty on the bias.</param>
/// <param name="activityRegularizer">A penalty on the output.</param>
/// <param name="kernelConstraint">A constraint applied to the kernel after each step.</param>
/// <param name="biasConstraint">A constraint applied to the bias after each step.</param>
/// <param name="loraRank">The rank of an adapter that is trained beside the frozen kernel, as by <c>EnableLora</c>; default: none.</param>
/// <param name="loraAlpha">The factor on the adapter is this by the rank; default: the rank.</param>
/// <param name="name">The layer's name; by default the model chooses one.</param>
/// <exception cref="ModelException">The equation is malformed.</exception>
public sealed partial class EinsumDense(
    string equation,
    Shape outputShape,
    Activation? activation = null,
    string? biasAxes = null,
    Initializer? kernelInitializer = null,
    Initializer? biasInitializer = null,
    Regularizer? kernelRegularizer = null,
    Regularizer? biasRegularizer = null,
    Regularizer? activityRegularizer = null,
    Constraint? kernelConstraint = null,
    Constraint? biasConstraint = null,
    int? loraRank = null,
    double? loraAlpha = null,
    string? name = null)
    : KernelLayer(
        kernelInitializer,
        biasInitializer,
        kernelRegularizer,
        biasRegularizer,
        activityRegularizer,
        kernelConstraint,
        biasConstraint,
        loraRank,
        loraAlpha,
        name)
{
    /// <summary>The axes of input, kernel and output.</summary>
    public string Equation { get; } = Form().IsMatch(equation)
        ? equation
        : throw Check.Option("EinsumDense", nameof(equation), $"\"{equation}\"", "the form \"ab,bc->ac\", \"...a,ab->...b\" or \"ab...,bc->ac...\"");

    /// <summary>The output's dimensions without the batch.</summary>
    public Shape OutputShape { get; } = outputShape;

    /// <summary>Activation applied to the sum.</summary>
    public Activation Activation { get; } = activation ?? Activation.Linear;

    /// <summary>The output's axes along which the bias extends.</summary>
    public string? BiasAxes { get; } = biasAxes;

    /// <inheritdoc/>
    protected override SymbolicTensor Forward(SymbolicTensor x)
    {
        var (input, kernel, output, dims) = Resolve(x);
        var sizes = new Dictionary<char, int>();
        for (var i = 0; i < input.Length; i++) sizes[input[i]] = x.Shape.Dim(i);
        for (var i = 0; i < output.Length; i++)
        {
            if (sizes.TryGetValue(output[i], out var size) && size != dims[i] && size != Shape.Unknown && dims[i] != Shape.Unknown)
                throw new ModelException($"axis '{output[i]}' of \"{Equation}\" is {size} in the input {x.Shape} and {dims[i]} in outputShape {OutputShape}; "
                    + "expected the same number, or null in outputShape.");
            if (!sizes.TryGetValue(output[i], out size) || size == Shape.Unknown) sizes[output[i]] = dims[i];
        }

        foreach (var letter in kernel)
        {
            if (!sizes.TryGetValue(letter, out var size))
                throw new ModelException($"axis '{letter}' of the kernel is in neither input nor output of \"{Equation}\".");
            if (size == Shape.Unknown)
                throw new ModelException($"axis '{letter}' of the kernel has no known size in \"{Equation}\" on {x.Shape} with outputShape {OutputShape}. "
                    + "Set that size in outputShape or Model.Input.");
        }

        var (fanIn, fanOut) = (1, 1);
        foreach (var letter in kernel)
        {
            if (output.Contains(letter)) fanOut *= sizes[letter];
            else fanIn *= sizes[letter];
        }

        var first = KernelInitializer is Initializers.VarianceScaling { InputAxes: null } or Initializers.VarianceScaling { OutputAxes: null }
            ? new MatrixFans(KernelInitializer, fanIn, fanOut)
            : KernelInitializer;
        var weight = Kernel(Shape.Of([.. kernel.Select(letter => sizes[letter])]), first);
        var sum = Ops.Einsum($"{input},{kernel}->{output}", x, weight);
        if (BiasAxes is not null) sum += Bias(BiasShape(output, sizes));
        return Penalized(Activation.Apply(sum));
    }

    /// <summary>The three lists with letters in place of the ellipsis, and the output's dimensions.</summary>
    private (string Input, string Kernel, string Output, int[] Dims) Resolve(SymbolicTensor x)
    {
        var parts = Equation.Replace("->", ",", StringComparison.Ordinal).Split(',');
        var (input, kernel, output) = (parts[0], parts[1], parts[2]);
        var named = input.Count(char.IsAsciiLetter);
        var elided = input.Contains('.') ? x.Rank - named : 0;
        if (x.Rank - elided != named || elided < 0)
            throw new ModelException($"\"{Equation}\" names {named} axes of the input, but got {x.Shape} with {x.Rank} dimensions.");
        var spare = string.Concat("zyxwvutsrqponmlkjihgfedcba".Where(letter => !Equation.Contains(letter)).Take(elided));
        if (spare.Length < elided) throw new ModelException($"\"{Equation}\" leaves no letters for the {elided} axes that its ellipsis stands for.");
        input = input.Replace("...", spare, StringComparison.Ordinal);
        var leftElided = output.StartsWith('.');
        output = output.Replace("...", spare, StringComparison.Ordinal);
        List<int> dims = [x.Shape.Dim(0)];
        if (elided > 0 && leftElided) dims.AddRange(Enumerable.Range(1, elided - 1).Select(x.Shape.Dim));
        dims.AddRange(OutputShape.Dims);
        if (elided > 0 && !leftElided) dims.AddRange(Enumerable.Range(x.Rank - elided, elided).Select(x.Shape.Dim));
        if (dims.Count != output.Length)
            throw new ModelException($"\"{Equation}\" gives {output.Length} axes, but outputShape {OutputShape} makes {dims.Count} with the batch; "
                + $"expected {output.Length - dims.Count + OutputShape.Rank} numbers in outputShape.");
        return (input, kernel, output, [.. dims]);
    }

    private Shape BiasShape(string output, Dictionary<char, int> sizes)
    {
        if (BiasAxes!.FirstOrDefault(letter => !output.Contains(letter)) is var stray and not '\0')
            throw new ModelException($"biasAxes \"{BiasAxes}\" names '{stray}', which is no axis of the output of \"{Equation}\".");
        var from = output.IndexOfAny(BiasAxes!.ToCharArray());
        return Shape.Of([.. output[from..].Select(letter => BiasAxes!.Contains(letter) ? sizes[letter] : 1)]);
    }

    [GeneratedRegex(@"^(\.\.\.[A-Za-z]+,[A-Za-z]+->\.\.\.[A-Za-z]+|[A-Za-z]+\.\.\.,[A-Za-z]+->[A-Za-z]+\.\.\.|[A-Za-z]+,[A-Za-z]+->[A-Za-z]+)$")]
    private static partial Regex Form();

    /// <summary>Initial values as for a matrix of that many inputs and outputs.</summary>
    private sealed class MatrixFans(Initializer inner, int fanIn, int fanOut) : Initializer
    {
        protected internal override void Fill(Shape shape, RandomNumbers random, Span<float> values) => inner.Fill(Shape.Of(fanIn, fanOut), random, values);
    }
}
