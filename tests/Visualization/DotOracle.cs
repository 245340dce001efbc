using System.Diagnostics;
using System.Globalization;
using System.Text;
using OnnxFunctional.Visualization.Plots;

namespace OnnxFunctional.Tests.Visualization;

/// <summary>The layout that Graphviz' dot makes of the same boxes and edges: what ours is measured against.</summary>
internal static class DotOracle
{
    private const double PixelsPerInch = 96;

    /// <summary>The lines of the edges, as dot draws them.</summary>
    /// <param name="graph">The graph; its frames become clusters.</param>
    /// <param name="sizeOf">The size of a box in pixels.</param>
    public static List<List<(double X, double Y)>> Lines(PlotGraph graph, Func<PlotBox, (double Width, double Height)> sizeOf)
    {
        var text = new StringBuilder("digraph g {\n  node [shape=box, fixedsize=true, label=\"\"];\n");
        var ids = new Dictionary<PlotBox, string>();
        WriteBoxes(graph);
        WriteEdges(graph);
        text.Append("}\n");
        return Read(Run(text.ToString()));

        void WriteBoxes(PlotGraph part)
        {
            foreach (var box in part.Boxes)
            {
                var id = ids[box] = "n" + ids.Count.ToString(CultureInfo.InvariantCulture);
                if (box.Inner is null)
                {
                    var (width, height) = sizeOf(box);
                    text.Append(CultureInfo.InvariantCulture, $"  {id} [width={width / PixelsPerInch:F4}, height={height / PixelsPerInch:F4}];\n");
                    continue;
                }

                text.Append(CultureInfo.InvariantCulture, $"subgraph cluster_{id} {{\n");
                WriteBoxes(box.Inner);
                text.Append("}\n");
            }
        }

        void WriteEdges(PlotGraph part)
        {
            foreach (var edge in part.Edges)
            {
                foreach (var source in new PlotPort(edge.From, edge.Output).Sources)
                {
                    foreach (var target in new PlotPort(edge.To, edge.Input).Targets)
                        text.Append(CultureInfo.InvariantCulture, $"  {ids[source]} -> {ids[target]};\n");
                }
            }

            foreach (var box in part.Boxes)
            {
                if (box.Inner is not null) WriteEdges(box.Inner);
            }
        }
    }

    private static string Run(string graph)
    {
        Process process;
        try
        {
            process = Process.Start(new ProcessStartInfo("dot", "-Tplain")
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            throw new AssertInconclusiveException("dot is not installed, which layouts are compared with. To run this test: apt-get install graphviz.");
        }

        using (process)
        {
            var errors = process.StandardError.ReadToEndAsync();
            var output = process.StandardOutput.ReadToEndAsync();
            process.StandardInput.Write(graph);
            process.StandardInput.Close();
            process.WaitForExit();
            Assert.AreEqual(0, process.ExitCode, errors.Result);
            return output.Result;
        }
    }

    private static List<List<(double X, double Y)>> Read(string plain)
    {
        var lines = new List<List<(double X, double Y)>>();
        foreach (var line in plain.Split('\n').Where(line => line.StartsWith("edge ", StringComparison.Ordinal)))
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var count = int.Parse(words[3], CultureInfo.InvariantCulture);
            var points = words.Skip(4).Take(2 * count).ToArray();
            lines.Add(SvgPicture.Points($"M{points[0]} {points[1]}" + string.Concat(points.Skip(2).Chunk(6).Select(curve => "C" + string.Join(' ', curve)))));
        }

        return lines;
    }
}
