using OnnxFunctional.Operators;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>Lets a kernel that computes in float32 work on operands that lie in memory in 16 bits: they are widened before and rounded behind it.</summary>
/// <remarks>
/// Where the operator allows (<see cref="BatchAxis"/>), this goes piece by piece along the first axis, so that the wide copies take a fixed amount of memory and stay in the
/// second-level cache. Pieces are cut by shape alone; sums over pieces are added in their order.
/// An operand that is declared in 16 bits but lies in 32, as weights do, is read as it lies: rounding a copy would cost time and memory and lose accuracy.
/// </remarks>
internal sealed class StagedKernel : Kernel
{
    /// <summary>Wide copies of one piece: what stays in a second-level cache of 1 or 2 MB. In less, parts for the threads become small.</summary>
    public const long PieceBytes = 1 << 20;

    private static readonly TensorSpec s_nothing = new(Shape.Of(0), DType.Float32);

    private readonly StagedOperand[] _inputs;
    private readonly StagedOperand[] _outputs;
    private readonly int _batch;
    private readonly int _rows;
    private Kernel? _kernel;
    private Kernel? _last;

    private StagedKernel(StagedOperand[] inputs, StagedOperand[] outputs, int batch, int rows) => (_inputs, _outputs, _batch, _rows) = (inputs, outputs, batch, rows);

    /// <summary>Whether an operand lies in 16 bits and the operator's own kernel cannot read or write it.</summary>
    public static bool IsNeeded(Unit unit, KernelRequest request)
    {
        var isNarrow = false;
        var isAsDeclared = true;
        foreach (var (declared, buffer) in Operands(unit, request))
        {
            isNarrow |= buffer.Spec.Type.IsHalfWidth();
            isAsDeclared &= declared.Type == buffer.Spec.Type;
        }

        return isNarrow && !(isAsDeclared && request.Op is Transpose or Slice or SliceGradient or Concat or Split or SplitLike or Tile or ExpandLike or Gather or Pad { Value: 0 }) && !WidensBlocks(request);
    }

    /// <summary>Batch normalization's own kernels read 16 bits, where they are declared to compute in 32.</summary>
    private static bool WidensBlocks(KernelRequest request)
    {
        var axis = request.Op switch
        {
            BatchNormalizationTraining norm => norm.Axis,
            BatchNormalizationGradient norm => norm.Axis,
            _ => (int?)null,
        };
        return axis is { } channels && request.Node.Inputs.All(input => input.Spec.Type == DType.Float32) && BatchNormalizationKernels.WidensBlocks(request.Node.Outputs[0].Spec.Shape, channels);
    }

    /// <summary>Makes the kernel with its memory, asked for by the request.</summary>
    /// <param name="unit">What is computed.</param>
    /// <param name="request">Its operands.</param>
    /// <param name="pieceBytes">Bytes of wide copies at a time.</param>
    public static StagedKernel Create(Unit unit, KernelRequest request, long pieceBytes)
    {
        var node = request.Node;
        var axis = BatchAxis.Of(node);
        StagedOperand[] inputs =
        [
            .. node.Inputs.Select((input, i) => new StagedOperand(input.Spec, request.Input(i), axis?.Inputs[i] ?? BatchRole.Whole) { IsShapeOnly = node.Op.ReadsOnlyShapeOf(i) }),
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
            // In one piece nothing needs to be cut, nor to be added.
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

    /// <summary>Rows of a piece: as many as the memory for wide copies holds, evenly if that takes not twice as many pieces.</summary>
    private static int Rows(StagedOperand[] inputs, StagedOperand[] outputs, int batch, long pieceBytes)
    {
        var bytesARow = 0L;
        foreach (var operand in inputs.Concat(outputs))
        {
            if (operand.Role is BatchRole.Whole or BatchRole.Sum || operand.IsMissing) continue;
            if (!operand.IsStaged && !operand.CanBeCut(batch)) return batch;
            if (operand.IsStaged || operand.Role == BatchRole.Columns) bytesARow += operand.Declared.Shape.ElementCount / Math.Max(1, batch) * sizeof(float);
        }

        if (bytesARow * batch <= pieceBytes) return batch;
        var most = (int)Math.Max(1, pieceBytes / bytesARow);
        for (var rows = most; rows > most / 2; rows--)
        {
            if (batch % rows == 0) return rows;
        }

        return most;
    }

    /// <summary>The kernel in float32 for pieces of so many rows.</summary>
    private Kernel Inner(Unit unit, KernelRequest request, int rows)
    {
        var given = request.Node.Inputs.Count;
        var node = Node.Create(request.Op, [.. _inputs.Take(given).Select((input, i) => Node.Create(new PlanInput(i, input.InnerSpec(rows)), [], null).Outputs[0])], request.Node.Scope);
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
