using System.Globalization;
using System.Text;
using OnnxFunctional.Notebooks;

namespace OnnxFunctional.Training.Data;

/// <summary>Arrays as text, in the form of NumPy: rows in brackets, columns aligned, of large arrays the ends of each dimension.</summary>
internal static class NDArrayText
{
    private const int Threshold = 1000;
    private const int Ends = 3;
    private const int LineWidth = 75;

    /// <summary>Type and shape, then the values.</summary>
    public static string Of(NDArray array)
    {
        var text = new StringBuilder();
        text.Append(Title(array)).Append('\n');
        var dims = array.Shape.Dims.ToArray();
        var ends = EndsOf(dims);
        var places = new List<long>();
        Collect(dims, ends, 0, 0, places);
        var words = Words(array, places);
        var width = words.DefaultIfEmpty("").Max(word => word.Length);
        var next = 0;
        Append(text, dims, ends, 0, () => words[next++].PadLeft(width));
        return text.ToString();
    }

    /// <summary>A table of a matrix, with its ends if it is large, and the text of any other array.</summary>
    public static void WriteHtml(NDArray array, HtmlWriter html)
    {
        if (array.Shape.Rank != 2)
        {
            html.Lines(Of(array));
            return;
        }

        var dims = array.Shape.Dims.ToArray();
        var ends = EndsOf(dims);
        var places = new List<long>();
        Collect(dims, ends, 0, 0, places);
        var words = new Queue<string>(Words(array, places));
        int[] columns = [.. Indices(dims[1], ends)];
        html.Paragraph(Title(array));
        html.Table(
            ["", .. columns.Select(Index)],
            Indices(dims[0], ends).Select(row => (string[])[Index(row), .. columns.Select(column => row < 0 || column < 0 ? "..." : words.Dequeue())]),
            numbers: [.. Enumerable.Range(0, columns.Length + 1)]);

        static string Index(int index) => index < 0 ? "..." : index.ToString(CultureInfo.InvariantCulture);
    }

    private static string Title(NDArray array) => $"{array.DType.KerasName()} {array.Shape}";

    /// <summary>How many elements are shown at each end of a dimension; all, if that is not too many.</summary>
    private static int EndsOf(int[] dims)
    {
        if (dims.Aggregate(1.0, (count, dim) => count * dim) <= Threshold) return int.MaxValue / 2;
        for (var ends = Ends; ends > 0; ends--)
        {
            if (dims.Aggregate(1.0, (count, dim) => count * Math.Min(dim, 2 * ends)) <= Threshold) return ends;
        }

        // Many dimensions of two elements: the first of each.
        return 0;
    }

    /// <summary>The indices along a dimension that are shown; -1 stands for those left out.</summary>
    private static IEnumerable<int> Indices(int dim, int ends)
    {
        if (dim <= Math.Max(1, 2 * ends)) return Enumerable.Range(0, dim);
        return ends == 0 ? [0, -1] : [.. Enumerable.Range(0, ends), -1, .. Enumerable.Range(dim - ends, ends)];
    }

    private static void Collect(int[] dims, int ends, int axis, long place, List<long> places)
    {
        if (axis == dims.Length)
        {
            places.Add(place);
            return;
        }

        foreach (var index in Indices(dims[axis], ends))
        {
            if (index >= 0) Collect(dims, ends, axis + 1, (place * dims[axis]) + index, places);
        }
    }

    private static void Append(StringBuilder text, int[] dims, int ends, int axis, Func<string> next)
    {
        if (axis == dims.Length)
        {
            text.Append(next().TrimStart());
            return;
        }

        text.Append('[');
        if (axis == dims.Length - 1) AppendRow(text, dims[axis], ends, axis, next);
        else AppendBlocks(text, dims, ends, axis, next);
        text.Append(']');
    }

    private static void AppendBlocks(StringBuilder text, int[] dims, int ends, int axis, Func<string> next)
    {
        var first = true;
        foreach (var index in Indices(dims[axis], ends))
        {
            // Matrices are set apart by an empty line, as in NumPy.
            if (!first) text.Append('\n', dims.Length - 1 - axis).Append(' ', axis + 1);
            first = false;
            if (index < 0) text.Append("...");
            else Append(text, dims, ends, axis + 1, next);
        }
    }

    private static void AppendRow(StringBuilder text, int dim, int ends, int axis, Func<string> next)
    {
        var column = axis + 1;
        var first = true;
        foreach (var index in Indices(dim, ends))
        {
            var word = index < 0 ? "..." : next();
            if (!first && column + 1 + word.Length >= LineWidth)
            {
                text.Append('\n').Append(' ', axis + 1);
                column = axis + 1;
                first = true;
            }

            if (!first) text.Append(' ');
            text.Append(word);
            column += word.Length + (first ? 0 : 1);
            first = false;
        }
    }

    private static string[] Words(NDArray array, List<long> places) => array.DType switch
    {
        DType.Float32 => NumberText.Of([.. places.Select(array.ElementAt)]),
        DType.Bool => [.. places.Select(place => array.ElementAt(place) != 0 ? "True" : "False")],
        DType.String => [.. places.Select(place => "'" + array.TextAt(place) + "'")],
        _ => [.. places.Select(place => array.IntegerAt(place).ToString(CultureInfo.InvariantCulture))],
    };
}
