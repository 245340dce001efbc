using System.Numerics.Tensors;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>An operand of a staged kernel: as it is stored, and as the kernel in float32 sees it.</summary>
/// <param name="declared">The type and shape that the node declares.</param>
/// <param name="outer">The stored operand; null if the unit has none, or if nobody reads it.</param>
/// <param name="role">How it takes part in the pieces.</param>
internal sealed class StagedOperand(TensorSpec declared, ValueBuffer? outer, BatchRole role)
{
    private Storage _inner = new();
    private Storage _sum = new();
    private Storage _addend = new();
    private Conversion? _conversion;
    private int _rowLength;

    public TensorSpec Declared { get; } = declared;

    public BatchRole Role { get; set; } = role;

    /// <summary>Whether only the shape is read.</summary>
    public bool IsShapeOnly { get; init; }

    /// <summary>Whether the unit has no such operand, or nobody reads it.</summary>
    public bool IsMissing => outer is null;

    /// <summary>Whether the kernel in float32 sees a copy.</summary>
    public bool IsStaged => outer is not null && !IsShapeOnly && outer.Spec.Type.IsHalfWidth();

    /// <summary>Whether every row begins at a whole float.</summary>
    public bool CanBeCut(int batch) =>
        IsShapeOnly || batch == 0 || Declared.Shape.ElementCount / batch * outer!.Spec.Type.Size() % sizeof(float) == 0;

    /// <summary>Type and shape of a piece, as the kernel in float32 sees it.</summary>
    public TensorSpec InnerSpec(int rows)
    {
        var shape = Role switch
        {
            BatchRole.Rows => Declared.Shape.With(0, rows),
            BatchRole.Columns => Declared.Shape.With(1, rows),
            _ => Declared.Shape,
        };
        return new(shape, Declared.Type.IsHalfWidth() ? DType.Float32 : Declared.Type);
    }

    /// <summary>The buffer of a piece, as the kernel in float32 sees it.</summary>
    public ValueBuffer? Inner(int rows) => outer is null ? null : new ValueBuffer(InnerSpec(rows), _inner);

    /// <summary>Requests memory.</summary>
    public void Place(KernelRequest request, int rows, bool isInput)
    {
        if (outer is null || IsShapeOnly) return;
        var length = (long)outer.Length;
        _rowLength = Role switch
        {
            BatchRole.Rows => (int)(length / Declared.Shape.Dims[0]),
            BatchRole.Columns => Declared.Shape.Dims[0],
            _ => outer.Length,
        };
        if (IsStaged || Role == BatchRole.Columns)
        {
            var kind = !IsStaged ? ConversionKind.Copy : isInput ? ConversionKind.Widen : ConversionKind.Narrow;
            _conversion = new Conversion(kind, outer.Spec.Type);
            _sum = request.Scratch(Role is BatchRole.Rows or BatchRole.Columns ? (long)_rowLength * rows : length);
            if (Role != BatchRole.Sum) _inner = _sum;
        }
        else
        {
            _sum = outer.Storage;
            if (Role == BatchRole.Whole) _inner = outer.Storage;
        }

        if (Role == BatchRole.Sum) _addend = request.Scratch(length);
    }

    /// <summary>Makes the rows of an input available to the kernel.</summary>
    public void Load(WorkerPool pool, int start, int rows)
    {
        if (outer is null || IsShapeOnly) return;
        if (Role == BatchRole.Columns) _conversion!.RunColumns(pool, outer.Storage.Memory, start, Declared.Shape.Dims[1], _inner.Memory, _rowLength, rows);
        else if (_conversion is not null) _conversion.Run(pool, outer.Storage.Memory, start * _rowLength, _inner.Memory, 0, rows * _rowLength);
        else if (Role == BatchRole.Rows) _inner.Memory = Window(start, rows);
    }

    /// <summary>Sets where the kernel writes the rows of an output.</summary>
    public void Begin(int start, int rows)
    {
        if (outer is null) return;
        if (Role == BatchRole.Rows && _conversion is null) _inner.Memory = Window(start, rows);
        else if (Role == BatchRole.Sum) _inner.Memory = (start == 0 ? _sum : _addend).Memory;
    }

    /// <summary>Stores or adds the rows that the kernel wrote.</summary>
    public void End(WorkerPool pool, int start, int rows)
    {
        if (outer is null) return;
        if (Role == BatchRole.Rows) _conversion?.Run(pool, _inner.Memory, 0, outer.Storage.Memory, start * _rowLength, rows * _rowLength);
        if (Role != BatchRole.Sum || start == 0) return;
        var sum = _sum.Memory.Span[..outer.Length];
        TensorPrimitives.Add(sum, _addend.Memory.Span[..outer.Length], sum);
    }

    /// <summary>Stores an output that the pieces share.</summary>
    public void Finish(WorkerPool pool)
    {
        if (outer is not null && Role != BatchRole.Rows) _conversion?.Run(pool, _sum.Memory, 0, outer.Storage.Memory, 0, outer.Length);
    }

    private Memory<float> Window(int start, int rows)
    {
        var floatsPerRow = (long)_rowLength * outer!.Spec.Type.Size() / sizeof(float);
        return outer.Storage.Memory.Slice((int)(floatsPerRow * start), (int)(floatsPerRow * rows));
    }
}
