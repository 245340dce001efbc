using OnnxFunctional.Training;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Tests.Export.TrainingStep;

/// <summary>Arrays for steps: a function of the step's number, equal on every machine.</summary>
internal static class StepData
{
    private const int Side = 28;

    private static readonly Lazy<(float[,] Pixels, long[] Classes)> _digits = new(ReadDigits);

    /// <summary>Numbers between -1 and 1.</summary>
    public static NDArray Signed(int seed, params int[] dims) => Fill(seed, random => (random.NextSingle() * 2) - 1, dims);

    /// <summary>Numbers between 0 and 1.</summary>
    public static NDArray Shares(int seed, params int[] dims) => Fill(seed, random => random.NextSingle(), dims);

    /// <summary>Integers from 0 up to a limit.</summary>
    public static NDArray Numbers(int seed, int limit, params int[] dims)
    {
        var random = new Random(seed);
        var shape = Shape.Of(dims);
        return NDArray.Create([.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => (long)random.Next(limit))], shape);
    }

    public static NDArray OneHot(int seed, int classes, int count)
    {
        var random = new Random(seed);
        var values = new float[count * classes];
        for (var i = 0; i < count; i++) values[(i * classes) + random.Next(classes)] = 1;
        return NDArray.Create(values, Shape.Of(count, classes));
    }

    /// <summary>
    /// Handwritten digits in the shape of MNIST's, (count, 28, 28, 1) between 0 and 1, and their classes; each step gets the next ones.
    /// </summary>
    public static (NDArray Images, NDArray Classes) Digits(int step, int count)
    {
        var (pixels, classes) = _digits.Value;
        var images = new float[count * Side * Side];
        var labels = new long[count];
        for (var n = 0; n < count; n++)
        {
            var row = ((step * count) + n) % classes.Length;
            labels[n] = classes[row];

            // Eight pixels per line, each tripled, and a margin of two.
            for (var y = 2; y < Side - 2; y++)
            {
                for (var x = 2; x < Side - 2; x++) images[(((n * Side) + y) * Side) + x] = pixels[row, ((y - 2) / 3 * 8) + ((x - 2) / 3)] / 16;
            }
        }

        return (NDArray.Create(images, Shape.Of(count, Side, Side, 1)), labels);
    }

    private static (float[,] Pixels, long[] Classes) ReadDigits()
    {
        var table = CsvTable.Read(Path.Combine(AppContext.BaseDirectory, "Data", "digits.csv.gz"), hasHeader: false);
        var all = table.GetFloats();
        var (pixels, classes) = (new float[table.Rows, 64], new long[table.Rows]);
        for (var row = 0; row < table.Rows; row++)
        {
            for (var column = 0; column < 64; column++) pixels[row, column] = all[row, column];
            classes[row] = (long)all[row, 64];
        }

        return (pixels, classes);
    }

    private static NDArray Fill(int seed, Func<Random, float> next, int[] dims)
    {
        var random = new Random(seed);
        var shape = Shape.Of(dims);
        return NDArray.Create([.. Enumerable.Range(0, (int)shape.ElementCount).Select(_ => next(random))], shape);
    }
}
