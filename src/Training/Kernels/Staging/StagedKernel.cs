using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Runs a kernel that computes in float32 on operands that are stored in 16 bits: they are widened before it runs and rounded afterwards.</summary>
/// <remarks>
/// If the operator allows (<see cref="BatchAxis"/>), this is done piece by piece along the first axis, so that the wide copies take a fixed amount of memory
/// and stay in the second-level cache. Pieces are cut by shape alone; sums over pieces are added in their order.
/// An operand that is declared in 16 bits but stored in 32, as weights are, is read unrounded: rounding a copy would cost time, memory and accuracy.
/// </remarks>
internal sealed class StagedKernel : Kernel
{
    /// <summary>
    /// The size of the wide copies of one piece, which stay in a second-level cache of 1 or 2 MB. With smaller pieces, the parts for the threads become small.
    /// </summary>
    public const long PieceBytes = 1 << 20;

    private static readonly TensorSpec s_nothing = new(Shape.Of(0), DType.Float32);

    private readonly StagedOperand[] _inputs;
    private readonly StagedOperand[] _outputs;
    private readonly int _batch;
    private readonly int _rows;
    private Kernel? _kernel;
    private Kernel? _last;

    private StagedKernel(StagedOperand[] inputs, StagedOperand[] outputs, int batch, int rows) =>
        (_inputs, _outputs, _batch, _rows) = (inputs, outputs, batch, rows);

    /// <summary>Whether an operand is stored in 16 bits and the operator's own kernel cannot read or write it.</summary>
    public static bool IsNeeded(Unit unit, KernelRequest request)
    {
        var isNarrow = false;
        var isAsDeclared = true;
        foreach (var (declared, buffer) in Operands(unit, request))
        {
            isNarrow |= buffer.Spec.Type.IsHalfWidth();
            isAsDeclared &= declared.Type == buffer.Spec.Type;
        }

        return isNarrow && !(isAsDeclared && OnlyMoves(request.Op)) && !WidensBlocks(request);
    }

    /// <summary>Whether an operator only moves elements, whatever their type.</summary>
    private static bool OnlyMoves(Op op) =>
        op is Transpose or Slice or SliceGradient or Concat or Split or SplitLike or Tile or ExpandLike or Gather or Trilu or Pad { Value: 0 };

    /// <summary>Whether the kernels of batch normalization, declared to compute in 32 bits, read the operands in 16 bits themselves.</summary>
    private static bool WidensBlocks(KernelRequest request)
    {
        var axis = request.Op switch
        {
            BatchNormalizationTraining norm => norm.Axis,
            BatchNormalizationGradient norm => norm.Axis,
            _ => (int?)null,
        };
        return axis is { } channels && request.Node.Inputs.All(input => input.Spec.Type == DType.Float32)
            && BatchNormalizationKernels.WidensBlocks(request.Node.Outputs[0].Spec.Shape, channels);
    }

    /// <summary>Creates the kernel and requests its memory.</summary>
    /// <param name="unit">The unit to compute.</param>
    /// <param name="request">Its operands.</param>
    /// <param name="pieceBytes">The size of the wide copies at a time, in bytes.</param>
    public static StagedKernel Create(Unit unit, KernelRequest request, long pieceBytes)
    {
        var node = request.Node;
        var axis = BatchAxis.Of(node);
        StagedOperand[] inputs =
        [
            .. node.Inputs.Select((input, i) => new StagedOperand(input.Spec, request.Input(i), axis?.Inputs[i] ?? BatchRole.Whole)
            {
                IsShapeOnly = node.Op.ReadsOnlyShapeOf(i),
            }),
            new StagedOperand(unit.Bias?.Spec ?? s_nothing, request.Epilogue.Bias, BatchRole.Whole),
            new StagedOperand(unit.Addend?.Spec ?? s_nothing, request.Epilogue.Addend, axis?.Outputs[0] ?? BatchRole.Whole),
        ];
        StagedOperand[] outputs =
        [
            .. node.Outputs.Select((output, i) => new StagedOperand(output.Spec, request.Outputs[i], axis?.Outputs[i] ?? BatchRole.Whole)),
            new StagedOperand(unit.BiasGradient?.Spec ?? s_nothing, request.Epilogue.BiasGradient, axis is null ? BatchRole.Whole : BatchRole.Sum),
        ];
        var batch = axis?.Length(node) ?? 1;
        var rows = Rows(inputs, outputs, batch, pieceBytes);
        if (rows == batch)
        {
            // A single piece needs neither cuts nor sums.
            (batch, rows) = (1, 1);
            foreach (var operand in inputs.Concat(outputs)) operand.Role = BatchRole.Whole;
        }

        foreach (var input in inputs) input.Place(request, rows, isInput: true);
        foreach (var output in outputs) output.Place(request, rows, isInput: false);
        var kernel = new StagedKernel(inputs, outputs, batch, rows);
        kernel._kernel = kernel.Inner(unit, request, rows);
        if (batch % rows is > 0 and var rest) kernel._last = kernel.Inner(unit, request, rest);
        return kernel;
    }

    public override void Run(in RunContext context)
    {
        foreach (var input in _inputs)
        {
            if (input.Role == BatchRole.Whole) input.Load(context.Pool, 0, 1);
        }

        for (var start = 0; start < _batch; start += _rows)
        {
            var rows = Math.Min(_rows, _batch - start);
            foreach (var input in _inputs)
            {
                if (input.Role != BatchRole.Whole) input.Load(context.Pool, start, rows);
            }

            foreach (var output in _outputs) output.Begin(start, rows);
            (rows == _rows ? _kernel! : _last!).Run(context with { IsContinued = start > 0 && rows == _rows });
            foreach (var output in _outputs) output.End(context.Pool, start, rows);
        }

        foreach (var output in _outputs) output.Finish(context.Pool);
    }

    private static IEnumerable<(TensorSpec Declared, ValueBuffer Buffer)> Operands(Unit unit, KernelRequest request)
    {
        for (var i = 0; i < request.Inputs.Length; i++)
        {
            if (!request.Op.ReadsOnlyShapeOf(i)) yield return (request.Node.Inputs[i].Spec, request.Input(i));
        }

        for (var i = 0; i < request.Outputs.Length; i++)
        {
            if (request.Outputs[i] is { } output) yield return (request.Node.Outputs[i].Spec, output);
        }

        if (request.Epilogue.Bias is { } bias) yield return (unit.Bias!.Spec, bias);
        if (request.Epilogue.Addend is { } addend) yield return (unit.Addend!.Spec, addend);
        if (request.Epilogue.BiasGradient is { } gradient) yield return (unit.BiasGradient!.Spec, gradient);
    }

    /// <summary>
    /// The number of rows per piece: as many as the memory for wide copies holds; fewer, if that makes equal pieces and less than twice as many.
    /// </summary>
    private static int Rows(StagedOperand[] inputs, StagedOperand[] outputs, int batch, long pieceBytes)
    {
        var bytesPerRow = 0L;
        foreach (var operand in inputs.Concat(outputs))
        {
            if (operand.Role is BatchRole.Whole or BatchRole.Sum || operand.IsMissing) continue;
            if (!operand.IsStaged && !operand.CanBeCut(batch)) return batch;
            if (operand.IsStaged || operand.Role == BatchRole.Columns) bytesPerRow += operand.Declared.Shape.ElementCount / Math.Max(1, batch) * sizeof(float);
        }

        if (bytesPerRow * batch <= pieceBytes) return batch;
        var most = (int)Math.Max(1, pieceBytes / bytesPerRow);
        for (var rows = most; rows > most / 2; rows--)
        {
            if (batch % rows == 0) return rows;
        }

        return most;
    }

    /// <summary>Creates the kernel in float32 for pieces of the given number of rows.</summary>
    private Kernel Inner(Unit unit, KernelRequest request, int rows)
    {
        var given = request.Node.Inputs.Count;
        var values = _inputs.Take(given).Select((input, i) => Node.Create(new PlanInput(i, input.InnerSpec(rows)), [], null).Outputs[0]);
        var node = Node.Create(request.Op, [.. values], request.Node.Scope);
        var epilogue = new Epilogue(_inputs[given].Inner(rows), _inputs[given + 1].Inner(rows), unit.Activation, _outputs[^1].Inner(rows));
        var inner = request with
        {
            Node = node,
            Inputs = [.. _inputs.Take(given).Select(input => input.Inner(rows)!)],
            Outputs = [.. _outputs.Take(node.Outputs.Count).Select(output => output.Inner(rows))],
            Epilogue = epilogue,
        };
        return KernelTable.Create(inner);
    }
}
