using OnnxFunctional.Training.Kernels;

namespace OnnxFunctional.Tests.Training.Simd;

/// <summary>The geometries on which all convolutions are tested: odd sizes first, then those of common networks, then random ones.</summary>
internal static class ConvolutionCases
{
    public static IEnumerable<ConvolutionGeometry> All()
    {
        foreach (var text in s_written) yield return Parse(text);
        var random = new Random(7);
        for (var i = 0; i < 60; i++) yield return Draw(random);
    }

    /// <summary>Large enough to be divided into several parts.</summary>
    public static IEnumerable<ConvolutionGeometry> Parted()
    {
        yield return Parse("n3 c16 o33 g1 18x20 k3x3 p1.1x1.1");
        yield return Parse("n2 c17 o64 g1 19x17 k3x3 s2x2 p0.1x0.1");
        yield return Parse("n3 c32 o32 g32 23x21 k3x3 p1.1x1.1");
        yield return Parse("n1 c64 o32 g1 700 k1");
    }

    private static readonly string[] s_written =
    [
        "n1 c1 o1 g1 1 k1",
        "n1 c1 o1 g1 7 k3",
        "n2 c3 o7 g1 17 k3 p1.1",
        "n1 c7 o17 g1 9 k5 s2 p2.1",
        "n1 c1 o4 g1 9 k3 d2 p4.0",
        "n2 c4 o8 g1 5x7 k1x1",
        "n1 c4 o8 g1 9x7 k1x1 s2x2",
        "n2 c1 o32 g1 17x17 k3x3",
        "n1 c3 o33 g1 13x15 k3x3 p1.1x1.1",
        "n1 c17 o64 g1 14x14 k3x3 p1.1x1.1",
        "n1 c64 o17 g1 6x7 k3x3 p1.1x1.1",
        "n1 c32 o33 g1 5x13 k3x3",
        "n1 c7 o3 g1 11x9 k5x3 s2x1 p2.2x1.1",
        "n1 c5 o6 g1 10x10 k2x2 s2x2",
        "n1 c2 o3 g1 9x9 k2x2 s3x3 p1.0x0.1",
        "n1 c3 o5 g1 8x9 k3x3 s2x2 p0.1x0.1",
        "n1 c3 o5 g1 12x12 k3x3 d2x2 p2.2x2.2",
        "n1 c3 o2 g1 9x10 k3x2 s2x3 d2x1 p3.1x0.2",
        "n1 c4 o6 g2 7x8 k3x3 p1.1x1.1",
        "n2 c6 o66 g2 6x5 k3x3 s2x2 p1.1x1.1",
        "n1 c34 o34 g2 5x5 k3x3 p1.1x1.1",
        "n2 c5 o5 g5 9x8 k3x3 p1.1x1.1",
        "n1 c17 o34 g17 8x7 k3x3 p1.1x1.1",
        "n1 c33 o33 g33 9x13 k3x3 s2x2 p0.1x0.1",
        "n1 c3 o9 g3 7x7 k5x5 s2x2 p2.2x2.2",
        "n1 c16 o48 g16 7x9 k3x5 d1x2 p1.1x4.4",
        "n1 c2 o3 g1 4x5x6 k3x3x3 p1.1x1.1x1.1",
        "n1 c1 o17 g1 5x6x7 k3x3x3",
        "n2 c3 o4 g1 5x5x5 k2x3x2 s2x1x2 p1.0x0.1x1.1",
        "n1 c4 o4 g4 4x5x6 k3x3x3 s1x2x1 p1.1x1.1x1.1",
        "n1 c2 o2 g1 6x6x7 k2x2x3 d2x3x1 p1.2x1.2x0.0",
        "n2 c3 o2 g1 4x4 k3x3 p3.3x3.3",
        "n1 c3 o4 g1 3x3 k5x5 p1.1x1.1",
        "n1 c2 o3 g1 7x7 k1x1 s3x3 p0.-2x0.-2",
        "n1 c2 o3 g1 7x6 k2x2 p-1.0x0.-1",
        "n0 c2 o3 g1 4x4 k3x3 p1.1x1.1",
        "n1 c16 o1 g1 9x11 k3x3 p1.1x1.1",
        "n2 c9 o3 g1 8x7 k3x3",
        "n1 c8 o4 g1 7x9 k4x4 p2.1x0.3",
        "n1 c1 o32 g1 9x10 k4x3 s2x1 p1.1x1.1",
        "n2 c3 o17 g1 7x11 k5x5 s2x2 p2.2x2.2",
        "n1 c2 o33 g1 4x5x6 k3x3x2 p1.1x1.1x0.0",
        "n1 c3 o8 g1 40 k9 d2 p16.0",
        "n1 c16 o2 g1 13x12 k5x5 s1x1 d2x1 p4.4x2.2",
        "n2 c2 o3 g1 2x2 k3x3",
    ];

    private static ConvolutionGeometry Draw(Random random)
    {
        int[] channels = [1, 2, 3, 7, 17, 32, 33];
        var rank = 1 + random.Next(3);
        var most = rank == 3 ? 7 : rank == 2 ? 17 : 40;
        int[] Values(int least, int end) => [.. Enumerable.Range(0, rank).Select(_ => random.Next(least, end))];
        var input = Values(1, most + 1);
        var kernel = Values(1, rank == 3 ? 4 : 5);
        var dilations = Values(1, 3);
        var begin = Values(0, 3);
        var end = Values(0, 3);
        for (var i = 0; i < rank; i++)
            while (input[i] + begin[i] + end[i] < (kernel[i] - 1) * dilations[i] + 1) input[i]++;
        var (cin, cout, groups) = (channels[random.Next(channels.Length)], channels[random.Next(channels.Length)], 1);
        switch (random.Next(4))
        {
            case 0: (groups, cout) = (cin, cin * (1 + random.Next(3))); break;
            case 1: (cin, cout, groups) = (2 * (1 + random.Next(9)), 2 * (1 + random.Next(20)), 2); break;
        }

        return ConvolutionGeometry.Create(1 + random.Next(2), cin, cout, groups, input, kernel, Values(1, 4), dilations, begin, end);
    }

    /// <summary>
    /// Reads <c>n.. c.. o.. g.. input k.. s.. d.. p..</c>: batch, channels in and out, groups, sizes, kernel, strides, dilations, pads "begin.end".
    /// </summary>
    private static ConvolutionGeometry Parse(string text)
    {
        var words = text.Split(' ');
        int One(char key) => int.Parse(words.Single(word => word[0] == key)[1..]);
        var input = words[4].Split('x').Select(int.Parse).ToArray();
        int[] Each(char key, int otherwise) =>
            words.SingleOrDefault(word => word[0] == key) is { } found ? [.. found[1..].Split('x').Select(int.Parse)] : [.. input.Select(_ => otherwise)];
        var pads = words.SingleOrDefault(word => word[0] == 'p') is { } pad
            ? pad[1..].Split('x').Select(x => x.Split('.').Select(int.Parse).ToArray()).ToArray()
            : null;
        int[] Pads(int index) => [.. input.Select((_, i) => pads is null ? 0 : pads[i][index])];
        return ConvolutionGeometry.Create(One('n'), One('c'), One('o'), One('g'), input, Each('k', 1), Each('s', 1), Each('d', 1), Pads(0), Pads(1));
    }
}
