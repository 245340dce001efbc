using nietras.SeparatedValues;
using OnnxFunctional.Training.Data;

namespace OnnxFunctional.Benchmarks.Data;

/// <summary>Tables of text: numbers into memory and in batches, beside Sep's own parsing.</summary>
internal static class CsvCases
{
    private const int Columns = 20;
    private const int BatchSize = 1024;
    private const int ChunkFloats = 1 << 20;
    private const int MostRounds = 15;
    private const int FewestRounds = 5;

    public static IEnumerable<DataCase> All =>
    [
        Table(100),
        Table(530),
        Table(1000),
        Rows(1000),
    ];

    /// <summary>A table in memory: <c>CsvTable.Read(path).GetFloats()</c>.</summary>
    private static DataCase Table(int megabytes) => new(
        $"csv-{megabytes}",
        Goal: "1.3",
        ResultBytes: CsvFiles.Rows(megabytes, Columns) * Columns * sizeof(float),
        Items: 0,
        Rounds: megabytes <= 100 ? MostRounds : FewestRounds,
        folder => CsvFiles.Make(folder, megabytes, Columns),
        folder => CsvTable.Read(CsvFiles.PathOf(folder, megabytes)).GetFloats(),
        folder => Keep(CsvFiles.PathOf(folder, megabytes)));

    /// <summary>Batches, of which none is kept.</summary>
    private static DataCase Rows(int megabytes) => new(
        $"csv-rows-{megabytes}",
        Goal: "1.3",
        ResultBytes: 0,
        Items: 0,
        FewestRounds,
        folder => CsvFiles.Make(folder, megabytes, Columns),
        folder => Count(CsvFiles.PathOf(folder, megabytes)),
        folder => Sum(CsvFiles.PathOf(folder, megabytes)));

    private static void Count(string path)
    {
        var rows = CsvRows.Open(path, new CsvOptions { Targets = ["c0"], BatchSize = BatchSize });
        var count = 0L;
        foreach (var batch in rows.Batches) count += batch.X[0].Count;
        if (count == 0) throw new InvalidOperationException("There were no rows.");
    }

    /// <summary>Sep's parsing, into pieces, which are never copied.</summary>
    private static void Keep(string path)
    {
        using var reader = Sep.New(',').Reader().FromFile(path);
        var pieces = new List<float[]>();
        var (piece, position) = (Array.Empty<float>(), 0);
        foreach (var row in reader)
        {
            for (var i = 0; i < row.ColCount; i++)
            {
                if (position == piece.Length)
                {
                    pieces.Add(piece = new float[ChunkFloats]);
                    position = 0;
                }

                piece[position++] = row[i].Parse<float>();
            }
        }

        GC.KeepAlive(pieces);
    }

    private static void Sum(string path)
    {
        using var reader = Sep.New(',').Reader().FromFile(path);
        var sum = 0f;
        foreach (var row in reader)
        {
            for (var i = 0; i < row.ColCount; i++) sum += row[i].Parse<float>();
        }

        if (float.IsNaN(sum)) throw new InvalidOperationException("A number is NaN.");
    }
}
