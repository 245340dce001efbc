using System.IO.Compression;
using OnnxFunctional.Training;

namespace OnnxFunctional.Tests.Training.Diagnosing;

/// <summary>Data for trainings that are diagnosed.</summary>
internal sealed record DiagnosedData(NDArrays X, NDArrays Y, NDArrays ValidationX, NDArrays ValidationY)
{
    private const int Count = 640;
    private const int Trained = 512;

    private static readonly Lazy<int[][]> s_digits = new(() =>
    {
        using var file = File.OpenRead(Repository.PathOf("tools", "Cli", "Data", "digits.csv.gz"));
        using var reader = new StreamReader(new GZipStream(file, CompressionMode.Decompress));
        return [.. reader.ReadToEnd().Split('\n').Take(Count).Select(line => Array.ConvertAll(line.Split(','), int.Parse))];
    });

    /// <summary>Handwritten digits of 8 x 8 pixels with their classes.</summary>
    /// <param name="shape">The shape of a sample.</param>
    /// <param name="scale">The value of a white pixel.</param>
    /// <param name="target">The target of a class; default: the class.</param>
    public static DiagnosedData Digits(Shape shape, float scale = 1, Func<int, float[]>? target = null)
    {
        var pixels = new float[Count * 64];
        var classes = new int[Count];
        for (var i = 0; i < Count; i++)
        {
            for (var j = 0; j < 64; j++) pixels[(i * 64) + j] = scale == 1 ? s_digits.Value[i][j] / 16f : MathF.Floor(s_digits.Value[i][j] / 16f * scale);
            classes[i] = s_digits.Value[i][64];
        }

        var x = NDArray.Create(pixels, [Count, .. shape]);
        return Split(x, target is null ? classes : NDArray.From(classes.Select(target)));
    }

    /// <summary>Rows of standard normal numbers, and targets that follow from them.</summary>
    public static DiagnosedData Rows(int features, Func<float[], float[]> target, Func<float[], float[]>? row = null, int seed = 1)
    {
        var random = new Random(seed);
        float[][] rows = [.. Enumerable.Range(0, Count).Select(_ => Enumerable.Range(0, features).Select(_ => Normal(random)).ToArray())];
        return Split(NDArray.From(rows.Select(row ?? (values => values))), NDArray.From(rows.Select(target)));
    }

    public static DiagnosedData Split(NDArray x, NDArray y) => new(x[..Trained], y[..Trained], x[Trained..], y[Trained..]);

    public static float Normal(Random random) =>
        (float)(Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()));

    public static float[] OneHot(int index, int classes)
    {
        var row = new float[classes];
        row[index] = 1;
        return row;
    }
}
