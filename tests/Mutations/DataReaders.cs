using System.IO.Compression;
using System.Numerics.Tensors;
using OnnxFunctional.Layers;
using OnnxFunctional.MLNet;
using OnnxFunctional.Tests.MLNet;
using OnnxFunctional.Training;
using OnnxFunctional.Training.Callbacks;
using OnnxFunctional.Training.Data;
using Parquet;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>Readers of data: arrays, tables, images, logs.</summary>
internal static class DataReaders
{
    private const int MostPixels = 1 << 20;

    private static readonly Guid s_first = new(1, 2, 3, [4, 5, 6, 7, 8, 9, 10, 11]);
    private static readonly Guid s_second = new(11, 10, 9, [8, 7, 6, 5, 4, 3, 2, 1]);

    public static IReadOnlyList<byte[]> Arrays()
    {
        using var folder = new TemporaryFolder();
        Npz.Write(folder.File("a.npz"), new Dictionary<string, Tensor<float>>
        {
            ["a"] = Tensor.Create([.. Enumerable.Range(0, 300).Select(i => i / 7f)], [100, 3]),
            ["b/c"] = Tensor.Create([7f], [1]),
        });
        var numbers = new Dictionary<string, Tensor<long>> { ["n"] = Tensor.Create([1L, -2], [2]) };
        Npz.Write(folder.File("b.npz"), numbers);
        return [File.ReadAllBytes(folder.File("a.npz")), File.ReadAllBytes(folder.File("b.npz"))];
    }

    public static void ReadArchive(byte[] content)
    {
        var path = Readers.Put("m.npz", content);
        Npz.ReadAll<float>(path);
        foreach (var name in Npz.ReadNames(path)) Npz.Read<double>(path, name);
    }

    public static IReadOnlyList<byte[]> SingleArrays() => [.. Arrays().SelectMany(archive => ZipEdits.Read(archive)!.Select(entry => entry.Content))];

    public static void ReadArray(byte[] content)
    {
        var path = Readers.Put("m.npy", content);
        try
        {
            Npy.Read<long>(path);
        }
        catch (DataException)
        {
            Npy.Read<float>(path);
        }
    }

    public static void OpenArray(byte[] content)
    {
        var path = Readers.Put("m.npy", content);
        try
        {
            Assert.IsNotNull(Npy.Open(path).ToString());
        }
        finally
        {
            // It is open until the array is collected; the next file has the same name.
            File.Delete(path);
        }
    }

    public static IReadOnlyList<byte[]> SafeTensorsFiles()
    {
        using var folder = new TemporaryFolder();
        var floats = new Dictionary<string, Tensor<float>> { ["a"] = Tensor.Create([1f, 2, 3], [3, 1]), ["b/c"] = Tensor.Create([7f], [1]) };
        SafeTensors.Write(folder.File("a.safetensors"), floats, new Dictionary<string, string> { ["format"] = "pt" });
        SafeTensors.Write(folder.File("b.safetensors"), new Dictionary<string, Tensor<long>> { ["n"] = Tensor.Create([1L, -2], [2]) });
        return [File.ReadAllBytes(folder.File("a.safetensors")), File.ReadAllBytes(folder.File("b.safetensors"))];
    }

    public static void ReadSafeTensors(byte[] content)
    {
        var path = Readers.Put("m.safetensors", content);
        SafeTensors.ReadAll<float>(path);
        SafeTensors.ReadMetadata(path);
        foreach (var name in SafeTensors.ReadNames(path)) SafeTensors.Read<double>(path, name);
    }

    public static IReadOnlyList<byte[]> ParquetFiles()
    {
        using var folder = new TemporaryFolder();
        return [.. new[] { CompressionMethod.None, CompressionMethod.Snappy, CompressionMethod.Zstd }.Select(File)];

        byte[] File(CompressionMethod compression)
        {
            var file = new ParquetFile { Compression = compression }
                .WithNulls<double>("size", 50, null, 70, 90, 1, 2, 3)
                .WithTexts("town", "Rome", "Oslo", null, "Rome", "Bern", "", "Rome")
                .With<DateTime>("sold", [.. Enumerable.Range(0, 7).Select(day => new DateTime(2026, 11, 24).AddDays(day))])
                .With("isNew", true, false, true, true, false, false, true)
                .With("rooms", 1, 2, 3, 4, 5, 6, 7);
            return System.IO.File.ReadAllBytes(file.Write(folder, "m.parquet", 4, 3));
        }
    }

    public static void ReadParquet(byte[] content)
    {
        var options = new TableOptions { Missing = MissingValues.Fill(0), BatchSize = 2 };
        (options.Columns["town"], options.Columns["sold"]) = (TableColumn.Category(numOovIndices: 1), TableColumn.Date(DateParts.Day));
        foreach (var batch in ParquetRows.Open(Readers.Put("m.parquet", content), options).Batches) Assert.IsGreaterThan(0, batch.X[0].Count);
    }

    public static IReadOnlyList<byte[]> Tables() =>
    [
        "a,b,class\n1,2.5,x\n-3,4e2,\"y, z\"\n0,0,\"with \"\"quotes\"\"\"\n"u8.ToArray(),
        "1;2;3\r\n4;5;6\r\n"u8.ToArray(),
        "n\n1\n2\n\n3\n"u8.ToArray(),
    ];

    /// <summary>Reads a table as batches, its first column as numbers and the others as categories.</summary>
    public static void ReadRows(byte[] content)
    {
        var path = Readers.Put("m.csv", content);
        var separator = content.Contains((byte)';') ? ';' : ',';
        var options = new CsvOptions { Separator = separator, Missing = MissingValues.SkipRow, BatchSize = 2 };
        var names = CsvTable.Read(path, separator: separator).Columns;
        options.Columns[names[0]] = TableColumn.Number with { Missing = MissingValues.Mean };
        foreach (var name in names.Skip(1)) options.Columns[name] = TableColumn.Category();
        foreach (var batch in CsvRows.Open(path, options).Batches) Assert.IsGreaterThan(0, batch.X[0].Count);
    }

    public static void ReadTable(byte[] content)
    {
        var path = Readers.Put("m.csv", content);
        var table = CsvTable.Read(path, separator: content.Contains((byte)';') ? ';' : ',');
        foreach (var column in table.Columns)
        {
            table.GetTexts(column);
            table.GetClasses(column, out _);
        }

        table.GetFloats(table.Columns[0]);
        table.GetLabels(table.Columns[0]);
    }

    public static IReadOnlyList<byte[]> Logs() =>
    [
        "epoch;loss\n0;0.5\n1;0.25\n"u8.ToArray(),
        "epoch;\"a;b\";loss\n0;NA;0.5\n"u8.ToArray(),
        [],
    ];

    /// <summary>Logs as the logger writes them.</summary>
    public static IReadOnlyList<byte[]> Histories() =>
    [
        "epoch,loss,val_loss\n0,0.5,NA\n1,0.25,0.75\n"u8.ToArray(),
        "epoch,\"a,b\",loss\n0,NaN,0.5\n3,Infinity,1E-05\n"u8.ToArray(),
    ];

    /// <summary>Appends to a log two epochs, the second with a value that it has not yet.</summary>
    public static void ContinueLog(byte[] content)
    {
        var logger = new CsvLogger(Readers.Put("log.csv", content), ';', append: true);
        logger.OnTrainBegin();
        try
        {
            logger.OnEpochEnd(2, new Dictionary<string, double> { ["loss"] = 0.125 });
            logger.OnEpochEnd(3, new Dictionary<string, double> { ["loss"] = 0.125, ["new"] = 1 });
        }
        finally
        {
            logger.OnTrainEnd();
        }
    }

    public static IReadOnlyList<byte[]> Packed() =>
        [.. Bytes().Concat(SingleArrays()).Concat(Tables().Where(table => !table.Contains((byte)';'))).Select(Pack)];

    /// <summary>Reads a file packed with gzip as whatever it holds.</summary>
    public static void ReadPacked(byte[] content)
    {
        Action<byte[]>[] readers = [ReadIdx, ReadArray, ReadTable];
        for (var i = 0; ; i++)
        {
            try
            {
                readers[i](content);
                return;
            }
            catch (DataException) when (i < readers.Length - 1)
            {
                continue;
            }
        }
    }

    public static byte[] Pack(byte[] content)
    {
        using var packed = new MemoryStream();
        using (var zip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true)) zip.Write(content);
        return packed.ToArray();
    }

    public static IReadOnlyList<byte[]> Bytes() =>
    [
        [0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 2, 0, 0, 0, 3, .. Enumerable.Range(0, 12).Select(value => (byte)value)],
        [0, 0, 8, 1, 0, 0, 0, 5, 1, 2, 3, 4, 5],
    ];

    public static void ReadIdx(byte[] content)
    {
        var path = Readers.Put("m.idx", content);
        try
        {
            Idx.ReadLabels(path);
        }
        catch (DataException)
        {
            Idx.ReadImages(path);
        }
    }

    public static IReadOnlyList<byte[]> Images() =>
    [
        .. Directory.EnumerateFiles(Repository.PathOf("tests", "Reference", "images"))
            .Where(path => !path.EndsWith(".ppm", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(File.ReadAllBytes),
    ];

    public static IReadOnlyList<byte[]> ImageCaches()
    {
        using var folder = new TemporaryFolder();
        var cache = ImageCache.InFile(folder.File("images.cache"));
        cache.Add(s_first, [.. Enumerable.Range(0, 12).Select(i => (float)i)]);
        cache.Add(s_second, [.. Enumerable.Range(0, 12).Select(i => i / 7f)]);
        return [File.ReadAllBytes(folder.File("images.cache"))];
    }

    /// <summary>Reads a cache and adds to it.</summary>
    public static void ReadImageCache(byte[] content)
    {
        var cache = ImageCache.InFile(Readers.Put("m.cache", content));
        var image = new float[12];
        foreach (var key in new[] { s_first, s_second })
        {
            if (!cache.TryRead(key, image)) cache.Add(key, image);
        }
    }

    /// <summary>Changes that leave the checksums of a PNG right, so that what is behind them is reached too.</summary>
    public static byte[] ChangeImage(byte[] content, Random random)
    {
        var changed = Edits.Bytes(content, random);
        return random.Next(4) > 0 && PngDecoder.Begins(changed) ? PngBytes.Mended(changed) : changed;
    }

    public static void ReadImage(byte[] content)
    {
        var options = new ImageOptions("images", 5, 4, ColorMode.Rgb, Interpolation.Bilinear, cropToAspectRatio: true, applyOrientation: true, MostPixels);
        new ImageReader(options).ReadAll([Readers.Put("m.png", content)]);
    }
}
