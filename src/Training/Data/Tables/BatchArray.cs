namespace OnnxFunctional.Training.Data;

/// <summary>An array of the batch that is being made.</summary>
/// <param name="plan">What it holds.</param>
internal sealed class BatchArray(ArrayPlan plan)
{
    private readonly int _width = plan.Width;
    private float[] _floats = [];
    private long[] _labels = [];
    private string[] _texts = [];

    /// <summary>What its elements are.</summary>
    public ArrayKind Kind => plan.Kind;

    /// <summary>Numbers of a row.</summary>
    public Span<float> Floats(int row, int offset, int count) => _floats.AsSpan((row * _width) + offset, count);

    /// <summary>A number of a row.</summary>
    public ref float Float(int row, int offset) => ref _floats[(row * _width) + offset];

    /// <summary>The class index of a row.</summary>
    public ref long Label(int row) => ref _labels[row];

    /// <summary>A text of a row.</summary>
    public ref string Text(int row, int offset) => ref _texts[(row * _width) + offset];

    /// <summary>Takes memory for the rows of a batch.</summary>
    public void Start(int rows)
    {
        var count = Kind == ArrayKind.Labels ? rows : Sizes.Count(Shape.Of(rows, _width), "A batch of shape", "Use a smaller BatchSize, or fewer columns.");
        if (Kind == ArrayKind.Floats) _floats = GC.AllocateUninitializedArray<float>(count);
        else if (Kind == ArrayKind.Labels) _labels = new long[count];
        else _texts = new string[count];
    }

    /// <summary>The rows so far; <see cref="Start"/> begins others.</summary>
    public NDArray End(int rows) => Kind switch
    {
        ArrayKind.Floats => NDArray.Create(Cut(_floats, rows * _width), Shape.Of(rows, _width)),
        ArrayKind.Labels => NDArray.Create(Cut(_labels, rows), Shape.Of(rows)),
        _ => NDArray.Create(Cut(_texts, rows * _width), Shape.Of(rows, _width)),
    };

    private static T[] Cut<T>(T[] elements, int count) => count == elements.Length ? elements : elements[..count];
}
