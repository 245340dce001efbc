using System.Buffers.Binary;
using System.Text;

namespace OnnxFunctional.Tests.Mutations;

/// <summary>One change of a file; what does not apply to the content changes bytes instead.</summary>
internal delegate byte[] Edit(byte[] content, Random random);

/// <summary>Changes that know nothing of a format, and text.</summary>
internal static class Edits
{
    /// <summary>Numbers at which programs break: around powers of two, and sizes that are large but possible.</summary>
    public static readonly long[] Numbers =
    [
        0, 1, -1, 2, 3, 4, 5, 7, 8, 16, 31, 63, 64, 100, 127, 128, 255, 256, 1000, -2, -3, -1000, 32767, 32768, 65535, 65536, 1_000_000, 100_000_000,
        int.MaxValue, int.MinValue, 1L << 31, 1L << 32, (1L << 32) - 1, 1L << 40, 1L << 53, 1L << 62, long.MaxValue, long.MinValue,
    ];

    private static readonly string[] s_texts =
    [
        "", "\"", "\"\"", ",", ";", "\n", "\r\n", "\r", "\0", " ", "\t",
        "1e400", "-1e400", "NaN", "Infinity", "-", "0x10", "1e-400", "9223372036854775808", "\uFEFF",
        "\uD800", "null", "true", "[", "]", "{", "}", ":", "..", "/", "\\", "'", "(", ")", "1,", "None", "<f4", ">i8", "|O", "True",
    ];

    public static T One<T>(this Random random, IReadOnlyList<T> list) => list[random.Next(list.Count)];

    /// <summary>One of <see cref="Numbers"/>, or a random one of any size.</summary>
    public static long Number(this Random random) => random.Next(4) > 0 ? random.One(Numbers) : random.NextInt64() >> random.Next(64);

    /// <summary>Flips, sets, inserts, removes, repeats or cuts bytes; overwrites two to eight with an extreme number.</summary>
    public static byte[] Bytes(byte[] content, Random random)
    {
        if (content.Length == 0) return [(byte)random.Next(256)];
        var bytes = new List<byte>(content);
        var position = random.Next(bytes.Count);
        var length = Math.Min(random.Next(1, 40), bytes.Count - position);
        switch (random.Next(10))
        {
            case 0 or 1:
                bytes[position] ^= (byte)(1 << random.Next(8));
                break;
            case 2:
                bytes[position] = (byte)random.Next(256);
                break;
            case 3:
                bytes.Insert(position, (byte)random.Next(256));
                break;
            case 4:
                bytes.RemoveRange(position, length);
                break;
            case 5:
                bytes.InsertRange(position, bytes.GetRange(position, length));
                break;
            case 6:
                bytes.RemoveRange(position, bytes.Count - position);
                break;
            case 7:
                bytes.InsertRange(position, bytes.GetRange(random.Next(bytes.Count - length + 1), length));
                break;
            default:
                return Overwrite(content, random, alignment: 1);
        }

        return [.. bytes];
    }

    /// <summary>Overwrites a number of two, four or eight bytes at a multiple of eight, by an extreme one or by another of the file.</summary>
    public static byte[] Aligned(byte[] content, Random random)
    {
        if (content.Length < 16 || random.Next(3) > 0) return Overwrite(content, random, alignment: 8);
        var result = (byte[])content.Clone();
        var words = content.Length / 8;
        content.AsSpan(8 * random.Next(words), 8).CopyTo(result.AsSpan(8 * random.Next(words)));
        return result;
    }

    /// <summary>Inserts or puts a word that means something in text formats; removes or repeats a line.</summary>
    public static byte[] Text(byte[] content, Random random)
    {
        var text = Encoding.Latin1.GetString(content);
        var position = random.Next(text.Length + 1);
        switch (random.Next(4))
        {
            case 0:
                return Encoding.Latin1.GetBytes(text.Insert(position, Latin(random.One(s_texts))));
            case 1:
                var end = Math.Min(text.Length, position + random.Next(1, 12));
                return Encoding.Latin1.GetBytes(text[..position] + Latin(random.One(s_texts)) + text[end..]);
            case 2:
                return Encoding.Latin1.GetBytes(text.Insert(position, new string((char)random.Next(32, 127), random.Next(1, 2000))));
            default:
                var lines = text.Split('\n').ToList();
                var line = random.Next(lines.Count);
                if (random.Next(2) == 0) lines.RemoveAt(line);
                else lines.Insert(random.Next(lines.Count + 1), lines[line]);
                return Encoding.Latin1.GetBytes(string.Join('\n', lines));
        }

        static string Latin(string word) => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(word));
    }

    private static byte[] Overwrite(byte[] content, Random random, int alignment)
    {
        var result = (byte[])content.Clone();
        var width = 1 << random.Next(1, 4);
        if (result.Length < width) return result;
        Span<byte> number = stackalloc byte[8];
        var value = random.Number();
        if (random.Next(4) > 0) BinaryPrimitives.WriteInt64LittleEndian(number, value);
        else BinaryPrimitives.WriteInt64BigEndian(number, value << (64 - (8 * width)));
        number[..width].CopyTo(result.AsSpan(random.Next((result.Length - width + alignment) / alignment) * alignment));
        return result;
    }
}
