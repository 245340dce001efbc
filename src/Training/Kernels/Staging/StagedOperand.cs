using System.Numerics.Tensors;
using OnnxFunctional.Training.Execution;

namespace OnnxFunctional.Training.Kernels;

/// <summary>An operand outside and inside.</summary>
internal sealed class StagedOperand(TensorSpec declared, ValueBuffer? outer, BatchRole role)
{
    private Storage _inner = new();
    private Storage _sum = new();
    private Storage _addend = new();
    private Conversion? _conversion;
    private int _rowLength;

    public TensorSpec Declared { get; } = declared;

    public BatchRole Role { get; set; } = role;

    /// <summary>Nobody reads the elements.</summary>
    public bool IsShapeOnly { get; init; }

    /// <summary>The unit has no such operand, or nobody reads it.</summary>
    public bool IsMissing => outer is null;

    /// <summary>Whether the float32 kernel sees a copy.</summary>
    public bool IsStaged => outer is not null && !IsShapeOnly && outer.Spec.Type.IsHalfWidth();

    /// <summary>Whether rows of any number begin at a whole float.</summary>
    public bool CanBeCut(int batch) => IsShapeOnly || batch == 0 || Declared.Shape.ElementCount / batch * outer!.Spec.Type.Size() % sizeof(float) == 0;

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

    public ValueBuffer? Inner(int rows) => outer is null ? null : new ValueBuffer(InnerSpec(rows), _inner);

    /// <summary>Asks for memory.</summary>
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
            _conversion = new Conversion(!IsStaged ? ConversionKind.Copy : isInput ? ConversionKind.Widen : ConversionKind.Narrow, outer.Spec.Type);
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

    /// <summary>Brings an input's rows to where the kernel reads them.</summary>
    public void Load(WorkerPool pool, int start, int rows)
    {
        if (outer is null || IsShapeOnly) return;
        if (Role == BatchRole.Columns) _conversion!.RunColumns(pool, outer.Storage.Memory, start, Declared.Shape.Dims[1], _inner.Memory, _rowLength, rows);
        else if (_conversion is not null) _conversion.Run(pool, outer.Storage.Memory, start * _rowLength, _inner.Memory, 0, rows * _rowLength);
        else if (Role == BatchRole.Rows) _inner.Memory = Window(start, rows);
    }

    /// <summary>Says where the kernel writes an output's rows.</summary>
    public void Begin(int start, int rows)
    {
        if (outer is null) return;
        if (Role == BatchRole.Rows && _conversion is null) _inner.Memory = Window(start, rows);
        else if (Role == BatchRole.Sum) _inner.Memory = (start == 0 ? _sum : _addend).Memory;
    }

    /// <summary>Takes what the kernel wrote.</summary>
    public void End(WorkerPool pool, int start, int rows)
    {
        if (outer is null) return;
        if (Role == BatchRole.Rows) _conversion?.Run(pool, _inner.Memory, 0, outer.Storage.Memory, start * _rowLength, rows * _rowLength);
        else if (Role == BatchRole.Sum && start > 0) TensorPrimitives.Add(_sum.Memory.Span[..outer.Length], _addend.Memory.Span[..outer.Length], _sum.Memory.Span[..outer.Length]);
    }

    /// <summary>Stores what was made whole.</summary>
    public void Finish(WorkerPool pool)
    {
        if (outer is not null && Role != BatchRole.Rows) _conversion?.Run(pool, _sum.Memory, 0, outer.Storage.Memory, 0, outer.Length);
    }

    private Memory<float> Window(int start, int rows)
    {
        var floatsARow = (long)_rowLength * outer!.Spec.Type.Size() / sizeof(float);
        return outer.Storage.Memory.Slice((int)(floatsARow * start), (int)(floatsARow * rows));
    }
}
