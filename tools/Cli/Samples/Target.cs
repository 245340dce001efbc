using System.Globalization;
using OnnxFunctional.Training;

namespace OnnxFunctional.Cli.Samples;

/// <summary>What is learned.</summary>
internal enum TaskKind
{
    /// <summary>One of several classes, by its index.</summary>
    Classification,

    /// <summary>One of several classes, by a 1 among zeros.</summary>
    OneHotClassification,

    /// <summary>Numbers.</summary>
    Regression,
}

/// <summary>The targets of an output.</summary>
/// <param name="Name">What is predicted.</param>
/// <param name="Values">A class index or numbers per sample.</param>
/// <param name="Task">What is learned.</param>
/// <param name="Classes">The names of the classes by index; null for numbers.</param>
internal sealed record Target(string Name, NDArray Values, TaskKind Task, IReadOnlyList<string>? Classes)
{
    // Labels above are more likely quantities than classes.
    private const int MostClasses = 1000;

    /// <summary>The numbers per sample.</summary>
    public int Width => Values.Shape.Count > 1 ? Values.Shape[^1] ?? 1 : 1;

    /// <summary>Whether all class indices are below a number.</summary>
    public bool Fits(int width) => Array.TrueForAll(Values.ToArray(), label => label >= 0 && label < width);

    /// <summary>Class indices as a 1 among zeros.</summary>
    /// <param name="width">The number of classes.</param>
    public Target OneHot(int width)
    {
        var labels = Values.ToArray();
        var values = new float[labels.Length * width];
        for (var i = 0; i < labels.Length; i++) values[(i * width) + (int)labels[i]] = 1;
        return this with { Values = NDArray.Create(values, [labels.Length, width]), Task = TaskKind.OneHotClassification };
    }

    /// <summary>Names for class indices without names of their own.</summary>
    public static string[] Numbered(int count) => [.. Enumerable.Range(0, count).Select(i => i.ToString(CultureInfo.InvariantCulture))];

    /// <summary>Targets in an array: whole numbers of an integer type are class indices, ones among zeros are one-hot, all else is numbers.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="values">The array.</param>
    /// <param name="wanted">What the user asked for; null to decide by the values.</param>
    /// <param name="classes">The names of known classes.</param>
    /// <param name="units">The values per sample of the output; null before there is a network.</param>
    /// <exception cref="DataException">The values cannot be what the user asked for.</exception>
    public static Target Of(string name, NDArray values, TaskKind? wanted, IReadOnlyList<string>? classes, int? units)
    {
        if (values.DType == DType.Float32 && values.ToArray().AsSpan().IndexOfAnyExceptInRange(float.MinValue, float.MaxValue) is >= 0 and var at)
        {
            throw new DataException(
                $"The targets '{name}' hold {values.ToArray()[at].ToString(CultureInfo.InvariantCulture)} at element {at}; expected finite numbers.");
        }

        var width = values.Shape.Count > 1 ? values.Shape[^1] ?? 1 : 1;
        if (wanted == TaskKind.Regression) return Numbers();
        if (values.Shape.Count == 2 && width > 1 && IsOneHot(values.ToArray(), width))
            return new(name, values, TaskKind.OneHotClassification, classes ?? Numbered(width));
        if (values.Shape.Count > 2 || width > 1) return Numbers();
        var labels = values.ToArray();
        var most = classes?.Count ?? (units == 1 ? 2 : MostClasses);
        var wrong = Array.FindIndex(labels, label => !(label >= 0 && label < most && float.IsInteger(label)));
        if (wrong < 0 && (values.DType != DType.Float32 || wanted is not null || classes is not null))
        {
            return new(
                name, NDArray.Create(Array.ConvertAll(labels, label => (long)label), [labels.Length]), TaskKind.Classification,
                classes ?? Numbered(Math.Max(units is null or 1 ? 2 : units.Value, (int)labels.Max() + 1)));
        }

        return wanted is null && classes is null
            ? Numbers()
            : throw new DataException(
                $"The targets '{name}' hold {labels[wrong].ToString(CultureInfo.InvariantCulture)} in sample {wrong + 1}; expected class indices from 0 to "
                + $"{most - 1}. Count classes from 0, or pass --task regression.");

        Target Numbers() => new(name, values, TaskKind.Regression, null);
    }

    /// <summary>The task that a user names.</summary>
    public static TaskKind? Named(string? task) => task switch
    {
        "classification" => TaskKind.Classification,
        "regression" => TaskKind.Regression,
        _ => null,
    };

    private static bool IsOneHot(float[] values, int width)
    {
        for (var row = 0; row < values.Length; row += width)
        {
            var ones = 0;
            foreach (var value in values.AsSpan(row, width))
            {
                if (value is not (0 or 1)) return false;
                if (value == 1) ones++;
            }

            if (ones != 1) return false;
        }

        return values.Length > 0;
    }
}
