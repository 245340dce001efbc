using OnnxFunctional.Visualization;
using OnnxFunctional.Visualization.Plots;

namespace OnnxFunctional.Tests.Visualization;

/// <summary>Pictures of models as a reader sees them: nothing overlaps, nothing is cut, and lines cross as seldom as in dot's.</summary>
[TestClass]
public sealed class PlotGeometryTests
{
    public static IEnumerable<object[]> Cases =>
        from name in PlotCases.Names
        from direction in Enum.GetValues<RankDirection>()
        select new object[] { name, direction };

    /// <summary>All but one: dot has no ports, so an edge that goes back up enters a box there from any side.</summary>
    public static IEnumerable<object[]> Acyclic => PlotCases.Names.Where(name => name != "loop").Select(name => new object[] { name });

    [TestMethod]
    [DynamicData(nameof(Cases))]
    public void Boxes_texts_and_lines_keep_clear_of_each_other(string name, RankDirection direction)
    {
        var options = PictureChecks.Everything with { Rankdir = direction };
        var graph = ModelGraph.Of(PlotCases.Create(name), options);
        PictureChecks.KeepsClear(graph, options);
        PictureChecks.KeepsClear(RepeatedBlocks.Fold(graph), options);
    }

    [TestMethod]
    [DynamicData(nameof(Acyclic))]
    public void Lines_cross_no_more_often_than_in_the_picture_of_dot(string name)
    {
        foreach (var options in (PlotOptions[])[PictureChecks.Everything, new(WrapRuns: false)])
            PictureChecks.CrossesNoMoreThanDot(ModelGraph.Of(PlotCases.Create(name), options), options);
    }
}
