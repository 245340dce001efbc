namespace OnnxFunctional;

/// <content>Parts of images side by side, channels first, as Keras has them in these functions.</content>
public static partial class Ops
{
    /// <summary>
    /// The windows of images as columns: (batch, c, h, w) becomes (batch, c k k, windows) (https://keras.io/api/ops/nn/#unfold-function).
    /// </summary>
    /// <param name="x">Images, channels first, of known sizes.</param>
    /// <param name="kernelSize">The height and width of a window.</param>
    /// <param name="dilation">The distance between elements of a window; 1 by default.</param>
    /// <param name="padding">How many zeros are added at each border; none by default.</param>
    /// <param name="stride">The step between windows; 1 by default.</param>
    /// <exception cref="ModelException">The tensor has not four axes of known sizes, or no window fits.</exception>
    public static SymbolicTensor Unfold(
        SymbolicTensor x, IntValues kernelSize, IntValues dilation = default, IntValues padding = default, IntValues stride = default)
    {
        var (channels, height, width) = Image(x, nameof(Unfold));
        var (rows, columns) = Windows((height, width), kernelSize, dilation, padding, stride, nameof(Unfold));
        if (rows.Edge > 0 || columns.Edge > 0) x = Pad(x, [0, 0, rows.Edge, columns.Edge], [0, 0, rows.Edge, columns.Edge]);
        var parts = Take(Take(x, rows.Places(), 2), columns.Places(), 4);
        return Reshape(Transpose(parts, 0, 1, 2, 4, 3, 5), -1, channels * rows.Size * columns.Size, rows.Count * columns.Count);
    }

    /// <summary>
    /// Images of which the columns are windows; where windows overlap they are added: (batch, c k k, windows) becomes (batch, c, h, w)
    /// (https://keras.io/api/ops/nn/#fold-function).
    /// </summary>
    /// <param name="x">Windows as columns.</param>
    /// <param name="outputSize">The height and width of the images.</param>
    /// <param name="kernelSize">The height and width of a window.</param>
    /// <param name="dilation">The distance between elements of a window; 1 by default.</param>
    /// <param name="padding">How many positions were added at each border; none by default.</param>
    /// <param name="stride">The step between windows; 1 by default.</param>
    /// <exception cref="ModelException">The windows do not fit the images.</exception>
    public static SymbolicTensor Fold(
        SymbolicTensor x,
        IntValues outputSize,
        IntValues kernelSize,
        IntValues dilation = default,
        IntValues padding = default,
        IntValues stride = default)
    {
        x = Floats(x);
        var image = outputSize.For(2, nameof(Fold), nameof(outputSize));
        var (rows, columns) = Windows((image[0], image[1]), kernelSize, dilation, padding, stride, nameof(Fold));
        var (size, count) = (rows.Size * columns.Size, rows.Count * columns.Count);
        if (x.Rank != 3 || SizeOf(x, 1, nameof(Fold)) % size != 0 || SizeOf(x, 2, nameof(Fold)) != count)
            throw new ModelException($"Fold to {image} takes (batch, channels of {size}, {count} windows), but got {x.Shape}.");
        var channels = SizeOf(x, 1, nameof(Fold)) / size;

        // Each axis is a product with a matrix of ones where an element of a window lies.
        var parts = Transpose(Reshape(x, -1, channels, rows.Size, columns.Size, rows.Count, columns.Count), 0, 1, 3, 5, 2, 4);
        var high = MatMul(Reshape(parts, -1, channels, columns.Size * columns.Count, rows.Size * rows.Count), rows.Lying());
        return MatMul(SwapAxes(high, -1, -2), columns.Lying());
    }

    private static (WindowPlaces Rows, WindowPlaces Columns) Windows(
        (int Height, int Width) image, IntValues kernelSize, IntValues dilation, IntValues padding, IntValues stride, string what)
    {
        var (size, step, distance) = (kernelSize.For(2, what, "kernelSize"), stride.OrOnes(2, what, "stride"), dilation.OrOnes(2, what, "dilation"));
        var edge = padding.Count == 0 ? IntValues.Repeat(0, 2) : padding.For(2, what, "padding", 0);
        return (Along(0, image.Height), Along(1, image.Width));

        WindowPlaces Along(int axis, int length)
        {
            var room = length + (2 * edge[axis]) - ((size[axis] - 1) * distance[axis]) - 1;
            if (room < 0) throw new ModelException($"{what}: a window of {size[axis]} does not fit in {length} positions. Use a smaller window, or padding.");
            return new(length, size[axis], (room / step[axis]) + 1, step[axis], distance[axis], edge[axis]);
        }
    }

    /// <summary>The windows along one axis of an image.</summary>
    private sealed record WindowPlaces(int Length, int Size, int Count, int Step, int Distance, int Edge)
    {
        /// <summary>The positions, with borders, of element i of each window: (size, count).</summary>
        public SymbolicTensor Places()
        {
            var places = new long[Size * Count];
            for (var i = 0; i < places.Length; i++) places[i] = Place(i);
            return Constant(Shape.Of(Size, Count), places);
        }

        /// <summary>1 where element i of window j lies: (size count, length); what lies in the border is dropped.</summary>
        public SymbolicTensor Lying() => Matrix(Size * Count, Length, (i, place) => Place(i) - Edge == place ? 1 : 0, nameof(Fold));

        private int Place(int i) => (i / Count * Distance) + (i % Count * Step);
    }
}
