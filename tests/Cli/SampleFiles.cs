using System.Globalization;
using System.Text;

namespace OnnxFunctional.Tests.Cli;

/// <summary>Small data sets in files, with something to learn in them.</summary>
internal static class SampleFiles
{
    /// <summary>A table of flowers: two numbers, a word, and the species, which follows from them.</summary>
    public static string Flowers(TemporaryFolder folder, int rows = 120, string name = "flowers.csv", char separator = ',')
    {
        var random = new Random(5);
        var text = new StringBuilder($"length{separator}width{separator}color{separator}species\n");
        for (var i = 0; i < rows; i++)
        {
            var (length, width, isRed) = (random.NextDouble() * 4, random.NextDouble() * 200, random.Next(2) == 0);
            var species = isRed ? "rose" : length > 2 ? "iris" : "lily";
            text.Append(CultureInfo.InvariantCulture, $"{length:F3}{separator}{width:F1}{separator}{(isRed ? "red" : "blue")}{separator}{species}\n");
        }

        return Write(folder, name, text.ToString());
    }

    /// <summary>A table of houses, whose price follows from area and rooms.</summary>
    public static string Houses(TemporaryFolder folder, int rows = 120)
    {
        var random = new Random(6);
        var text = new StringBuilder("area,rooms,price\n");
        for (var i = 0; i < rows; i++)
        {
            var (area, rooms) = (random.Next(30, 200), random.Next(1, 8));
            text.Append(CultureInfo.InvariantCulture, $"{area},{rooms},{(3000 * area) + (20_000 * rooms)}\n");
        }

        return Write(folder, "houses.csv", text.ToString());
    }

    /// <summary>A folder of images: dark ones and bright ones.</summary>
    public static string Photos(TemporaryFolder folder, string name = "photos", int perClass = 12)
    {
        var random = new Random(7);
        foreach (var (kind, least) in new[] { ("bright", 160), ("dark", 0) })
        {
            var path = Directory.CreateDirectory(folder.File(Path.Combine(name, kind))).FullName;
            for (var i = 0; i < perClass; i++)
            {
                byte[] pixels = [.. Enumerable.Range(0, 9 * 8 * 3).Select(_ => (byte)(least + random.Next(90)))];
                File.WriteAllBytes(Path.Combine(path, $"{i:00}.png"), PngBytes.Of(9, 8, pixels));
            }
        }

        return folder.File(name);
    }

    public static string Write(TemporaryFolder folder, string name, string text)
    {
        File.WriteAllText(folder.File(name), text);
        return folder.File(name);
    }
}
