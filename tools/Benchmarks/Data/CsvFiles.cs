using System.Globalization;
using System.Text;

namespace OnnxFunctional.Benchmarks.Data;

/// <summary>Tables of random numbers, the same each time.</summary>
internal static class CsvFiles
{
    private const int BlockRows = 50_000;

    /// <summary>The path of a table.</summary>
    public static string PathOf(string folder, int megabytes) => Path.Combine(folder, $"{megabytes}.csv");

    /// <summary>The number of rows of a table.</summary>
    public static long Rows(int megabytes, int columns) => Blocks(megabytes, Block(columns)) * BlockRows;

    /// <summary>Writes a table, unless it is there: a block of rows again and again.</summary>
    public static void Make(string folder, int megabytes, int columns)
    {
        var path = PathOf(folder, megabytes);
        if (File.Exists(path)) return;
        var block = Block(columns);
        using var file = File.Create(path);
        file.Write(Encoding.ASCII.GetBytes(string.Join(',', Enumerable.Range(0, columns).Select(i => $"c{i}")) + "\n"));
        for (var i = Blocks(megabytes, block); i > 0; i--) file.Write(block);
    }

    private static long Blocks(int megabytes, byte[] block) => ((megabytes * 1_000_000L) + block.Length - 1) / block.Length;

    private static byte[] Block(int columns)
    {
        var random = new Random(1);
        var text = new StringBuilder();
        for (var row = 0; row < BlockRows; row++)
        {
            for (var i = 0; i < columns; i++)
            {
                var number = (random.NextDouble() - 0.5) * Math.Pow(10, i % 4);
                text.Append(number.ToString("F5", CultureInfo.InvariantCulture)).Append(i + 1 < columns ? ',' : '\n');
            }
        }

        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
