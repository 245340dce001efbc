using OnnxFunctional.Operators;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Export.Verify;

/// <summary>
/// A copy of a graph in which every result that is rounded is changed at random by several units in its last place: how far two such copies are apart
/// shows what rounding alone does to each element of their results.
/// </summary>
/// <remarks>
/// That is the method of stochastic arithmetic. Changed weights do not show it: where a tanh is 1, its gradient <c>1 - y * y</c> is 0 for all weights nearby,
/// and 1e-7 in a program whose tanh is rounded otherwise.
/// 1. A sum is as uncertain as the sum of its terms' magnitudes: terms that cancel leave 0 in one order and rounding in another.
/// 2. What only moves, compares or picks numbers is exact and stays as it is, so ties stay ties.
/// 3. <see cref="WholeNumbers"/> are exact too, so an index stays the index, and the step that updates weights is the same.
/// 4. Equal numbers that are computed alike are rounded alike, so in every third copy all elements of a result are changed alike. Where all elements are at a
///    kink, such as a bound of a loss, one program finds none of them above it and another all; changes of each element's own never do.
/// 5. A function may be flat above a number that is less than the noise, as a direction is above the smallest length it divides by. So the last copies have
///    less noise: a real difference is often a tenth of what these units allow.
/// 6. Operators are as uncertain as their definitions. Recurrent ones are written out, so sequences have the lengths of the data.
/// </remarks>
internal static class RoundingNoise
{
    /// <summary>
    /// The most copies that are made. Where rounding alone decides the side of a jump, as in an optimizer's first step by a gradient's sign, six are all on the
    /// side of the graph without noise for one in 64 elements, and 24 for one in 16 million.
    /// </summary>
    public const int Most = Full + 8;

    /// <summary>A difference is rounding if it is at most so many times that of a copy.</summary>
    public const float Further = 10;

    // The copies after these have a sixteenth of the noise.
    private const int Full = 24;
    private const float Less = 1f / 16;

    // Half a unit in the last place is at most 2^-24 of a number; ONNX Runtime's functions and sums of a few numbers are within eight times that.
    private const float Relative = 1f / (1 << 20);

    // ONNX Runtime computes a sigmoid as a sum with 0.5, so small results have that sum's absolute error.
    private const float OfHalf = 1f / (1 << 23);

    private const float OfFloat16 = 1f / (1 << 11);
    private const float OfBFloat16 = 1f / (1 << 8);

    private const float StepsOfHalf = 1 << 24;

    // Results that are a difference from 1 are as coarse as 1, but as one operation.
    private const float OfOne = 1f / 4;

    // A sum that is less than this share of its terms is 0; copies take turns. Terms that are differences of larger numbers are as coarse as those, and so is
    // their sum: it is exactly 0 more often than by the size of its terms. Half of the copies have the least, so that noise of either sign remains.
    private static readonly float[] s_nearZero = [Relative, Relative / 32, 4 * Relative, Relative / 32, 16 * Relative, Relative / 32];

    // The place of the copies with shared changes among every three.
    private const int Shared = 2;

    /// <summary>Whether noise explains a difference from a number that is finite: it moves that number as far, or makes it overflow.</summary>
    /// <param name="distance">The difference.</param>
    /// <param name="expected">The number without noise.</param>
    /// <param name="copy">The number with noise.</param>
    public static bool Explains(float distance, float expected, float copy) =>
        float.IsFinite(expected) && (!float.IsFinite(copy) || distance <= Further * MathF.Abs(expected - copy));

    /// <summary>The graph's values with noise, for data of known shapes.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="seed">Another seed gives other noise.</param>
    /// <param name="updates">The weights that the graph changes, and their next values.</param>
    /// <param name="specs">Shapes and types of the inputs.</param>
    /// <returns>The inputs of the copy, and the value in place of each of the graph's.</returns>
    public static (Value[] Inputs, Dictionary<Value, Value> Map) Of(
        Graph graph, int seed, IReadOnlyList<(Weight Weight, Value Value)> updates, IReadOnlyList<TensorSpec> specs)
    {
        var streams = seed << 20;
        var isShared = seed % 3 == Shared;
        var share = seed > Full ? Less : 1;
        var nearZero = share * s_nearZero[seed % s_nearZero.Length];
        var whole = WholeNumbers.Before(graph, updates);
        Value[] stands = [.. specs.Select((spec, i) => Node.Create(new PlanInput(i, spec), [], null).Outputs[0])];
        return (stands, graph.Rewrite(Noisy, graph.Inputs.Zip(stands).ToDictionary(pair => pair.First, pair => pair.Second)));

        IReadOnlyList<Value>? Noisy(Node node, IReadOnlyList<Value> inputs)
        {
            if (node.Inputs.Count == 0 || node.Op is IRandomOp) return null;
            var recurrent = RecurrentDefinitions.Has(node.Op, inputs);
            if (recurrent || Decompositions.Has(node.Op))
            {
                // Rounding inside an operator shows in its definition only, which is also what files hold.
                SymbolicTensors x = [.. inputs.Select(input => new SymbolicTensor(input, node.Scope))];
                Value[] outputs = [.. (recurrent ? RecurrentDefinitions.Of(node.Op, x) : Decompositions.Of(node.Op, x)).Select(y => y.Value)];
                var inner = Graph.Between([.. inputs.Distinct()], outputs).Rewrite(node.Op is Rnn ? InRnn : Noisy);
                return [.. outputs.Select(output => inner[output])];
            }

            var made = node.WithInputs([.. inputs]);
            if (whole.Include(made)) return made.Outputs;
            if (node.Op is Cast { To: var to } && to.IsHalfWidth()) return Narrowed(made, to).Outputs;
            if (IsExact(node.Op)) return made.Outputs;

            // The reserve of a recurrent operator is no tensor: only its gradient knows the layout.
            var results = node.Op is RecurrentOp ? made.Outputs.Count - 1 : made.Outputs.Count;
            return [.. made.Outputs.Select((value, i) => i < results ? Changed(value, made) : value)];
        }

        // ONNX Runtime's RNN computes a tanh from an exponential, its GRU and LSTM do not.
        IReadOnlyList<Value>? InRnn(Node node, IReadOnlyList<Value> inputs) =>
            node.Op is Tanh ? [Changed(node.WithInputs([.. inputs]).Outputs[0], node, isOfHalf: true)] : Noisy(node, inputs);

        // Another program may round to 16 bits elsewhere, or not at all.
        Node Narrowed(Node made, DType to)
        {
            var x = new SymbolicTensor(made.Inputs[0], made.Scope);
            var size = share * (to == DType.Float16 ? OfFloat16 : OfBFloat16);
            var noise = Ops.Make(new RandomUniform(new RandomStream(streams++), -size, size), isShared ? Ops.Constant(0) : x);
            return made.WithInputs([(x * (1 + noise)).Value]);
        }

        Value Changed(Value value, Node node, bool isOfHalf = false)
        {
            if (value.Spec.Type != DType.Float32) return value;
            var x = new SymbolicTensor(value, node.Scope);
            isOfHalf |= node.Op is Sigmoid;
            var size = share * (isOfHalf ? OfHalf : Relative);
            var noise = Ops.Make(new RandomUniform(new RandomStream(streams++), -size, size), isShared ? Ops.Constant(0) : x);

            // A sum with 0.5 has steps, so that small results which differ are equal there; in the copies with shared changes they are too.
            if (isOfHalf) return isShared ? (Ops.Round((x + noise) * StepsOfHalf) / StepsOfHalf).Value : (x + noise).Value;
            if (IsInterpolation(node.Op)) return (x + (noise * LargestPixel(node.Inputs[0], node.Scope))).Value;
            var isFromOne = node.Op is Elu or Selu or Celu;
            if (!AddsTerms(node.Op) && !isFromOne) return (x * (1 + noise)).Value;

            // ONNX Runtime computes these as an exponential less 1, in units in the last place of 1.
            var terms = isFromOne ? Ops.Where(Ops.Less(x, 0), OfOne, Ops.Abs(x)) : OfMagnitudes(node);

            // The terms of these are rounded themselves: only they make a difference of nearly equal numbers uncertain.
            var sum = node.Op is Add or Sub ? x * (1 + noise) : x + (noise * terms);

            // Terms may also cancel exactly, and the sign of that is neither 1 nor -1.
            return Ops.Where(Ops.Less(Ops.Abs(sum), terms * nearZero), 0, sum).Value;
        }
    }

    /// <summary>
    /// The largest magnitude of each image and channel: positions between pixels are rounded too, so where one is exactly at a pixel, another program mixes a
    /// ten-millionth of the pixel beside it with that.
    /// </summary>
    private static SymbolicTensor LargestPixel(Value image, LayerCall? scope) =>
        Ops.Max(Ops.Abs(new SymbolicTensor(image, scope)), [.. Enumerable.Range(1, image.Spec.Shape.Rank - 2)], keepdims: true);

    /// <summary>The result for the magnitudes of the inputs: the sum of the magnitudes of all terms.</summary>
    private static SymbolicTensor OfMagnitudes(Node node)
    {
        var magnitudes = node.Inputs.Select((input, i) =>
            input.Spec.Type.IsFloating() && IsFactor(node.Op, i) ? Ops.Abs(new SymbolicTensor(input, node.Scope)).Value : input);
        if (node.Op is Sub) return new SymbolicTensor(Node.Create(new Add(), [.. magnitudes], node.Scope).Outputs[0], node.Scope);
        return new SymbolicTensor(node.WithInputs([.. magnitudes]).Outputs[0], node.Scope);
    }

    /// <summary>Whether results are sums or differences of the inputs' elements or of their products, with factors that are not negative.</summary>
    private static bool AddsTerms(Op op) => op is Add or Sub or MatMul or Gemm or Conv or ConvTranspose or ConvInputGradient or ConvWeightGradient
        or ReduceSum or ReduceMean or SumToLike or CumSum or AveragePool or AveragePoolGradient or MaxPoolGradient or GatherGradient
        or GatherElementsGradient;

    private static bool IsInterpolation(Op op) => op is Resize { Mode: not ResizeMode.Nearest } or ResizeGradient { Mode: not ResizeMode.Nearest };

    // The other inputs of a maximum's gradient say where it was.
    private static bool IsFactor(Op op, int input) => !op.ReadsOnlyShapeOf(input) && (op is not MaxPoolGradient || input == 2);

    private static bool IsExact(Op op) =>
        op.Moves(0) || op is Abs or Ceil or Clip or Floor or Neg or Relu or Round or Sign or Cast or Max or Min or MaxPool or OneHot or Operators.Size or Phase
            or GatherElements or TopK or Where or Pad;
}
