using OnnxFunctional.Training;

namespace OnnxFunctional.Tests;

/// <summary>Damages a file in every place, and asserts that it is then refused or read as before.</summary>
internal static class Damage
{
    /// <summary>Flips every bit of a small file; of a larger one, a bit of every byte.</summary>
    /// <param name="content">The file.</param>
    /// <param name="read">Reads a file and describes all it has read.</param>
    /// <returns>How many of the damaged files were read: in a zip archive, those with another time or attribute.</returns>
    public static int EachBit(byte[] content, Func<byte[], string> read)
    {
        const int Small = 2048;
        var expected = read(content);
        var accepted = 0;
        for (var position = 0; position < content.Length; position++)
        {
            for (var bit = content.Length <= Small ? 0 : 7; bit < 8; bit++)
            {
                var changed = (byte[])content.Clone();
                changed[position] ^= (byte)(1 << ((bit + position) % 8));
                if (IsSame(changed, read, expected, $"byte {position} is {changed[position]} instead of {content[position]}")) accepted++;
            }
        }

        return accepted;
    }

    /// <summary>Cuts a file at every byte.</summary>
    public static void EachCut(byte[] content, Func<byte[], string> read)
    {
        var expected = read(content);
        for (var length = 0; length < content.Length; length++) IsSame(content[..length], read, expected, $"cut to {length} of {content.Length} bytes");
    }

    private static bool IsSame(byte[] damaged, Func<byte[], string> read, string expected, string what)
    {
        string now;
        try
        {
            now = read(damaged);
        }
        catch (Exception refused) when (refused is DataException or ModelException)
        {
            return false;
        }

        if (now != expected) Assert.Fail($"{what}, and the file is read as something else: {now}");
        return true;
    }
}
