using System.Globalization;
using System.Text;

namespace OnnxFunctional.Visualization.Plots;

/// <summary>Writes a graph as Mermaid text, which README pages of code hosts show as a picture.</summary>
internal static class MermaidWriter
{
    /// <summary>The text of a flowchart.</summary>
    public static string Write(PlotGraph graph, RankDirection rankdir)
    {
        var text = new StringBuilder("flowchart ");
        text.Append(rankdir switch
        {
            RankDirection.TopToBottom => "TB",
            RankDirection.BottomToTop => "BT",
            RankDirection.LeftToRight => "LR",
            _ => "RL",
        }).Append('\n');
        var ids = new Dictionary<PlotBox, string>();
        WriteBoxes(graph, "  ", ids, text);
        WriteEdges(graph, ids, text);
        foreach (var kind in ids.Keys.Where(box => box.Inner is null).GroupBy(box => box.Kind).OrderBy(group => group.Key))
        {
            text.Append(CultureInfo.InvariantCulture, $"  classDef k{(int)kind.Key} fill:{BoxText.Color(kind.Key)},color:#ffffff,stroke:none\n");
            text.Append(CultureInfo.InvariantCulture, $"  class {string.Join(',', kind.Select(box => ids[box]))} k{(int)kind.Key}\n");
        }

        return text.ToString();
    }

    private static void WriteBoxes(PlotGraph graph, string indent, Dictionary<PlotBox, string> ids, StringBuilder text)
    {
        foreach (var box in graph.Boxes)
        {
            var id = ids[box] = string.Create(CultureInfo.InvariantCulture, $"n{ids.Count}");
            var label = string.Join("<br/>", box.Lines.Select(Escaped));
            if (box.Inner is null)
            {
                text.Append(CultureInfo.InvariantCulture, $"{indent}{id}[\"{label}\"]\n");
                continue;
            }

            text.Append(CultureInfo.InvariantCulture, $"{indent}subgraph {id}[\"{label}\"]\n");
            WriteBoxes(box.Inner, indent + "  ", ids, text);
            text.Append(indent).Append("end\n");
        }
    }

    private static void WriteEdges(PlotGraph graph, Dictionary<PlotBox, string> ids, StringBuilder text)
    {
        foreach (var edge in graph.Edges)
        {
            foreach (var source in new PlotPort(edge.From, edge.Output).Sources)
            {
                foreach (var target in new PlotPort(edge.To, edge.Input).Targets)
                    text.Append(CultureInfo.InvariantCulture, $"  {ids[source]} --> {ids[target]}\n");
            }
        }

        foreach (var box in graph.Boxes)
        {
            if (box.Inner is not null) WriteEdges(box.Inner, ids, text);
        }
    }

    /// <summary>Text inside quotes; Mermaid reads these characters as its own otherwise.</summary>
    private static string Escaped(string line)
    {
        var escaped = new StringBuilder();
        foreach (var character in BoxText.Visible(line))
        {
            if (char.IsLetterOrDigit(character) || char.IsSurrogate(character) || " (),.:_-/+\u00d7".Contains(character, StringComparison.Ordinal))
                escaped.Append(character);
            else escaped.Append(CultureInfo.InvariantCulture, $"#{(int)character};");
        }

        return escaped.ToString();
    }
}
