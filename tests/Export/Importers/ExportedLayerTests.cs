using Google.Protobuf;
using OnnxFunctional.Export;
using OnnxFunctional.Export.Import;
using OnnxFunctional.Export.Importers;
using OnnxFunctional.Export.Verify;
using OnnxFunctional.Tests.Cases;

namespace OnnxFunctional.Tests.Export.Importers;

/// <summary>Files of all layers, opened as files of another program: without their architecture, node by node.</summary>
[TestClass]
public sealed class ExportedLayerTests
{
    public static IEnumerable<object[]> Rows => LayerCases.All.Select(row => new object[] { row });

    [TestMethod]
    [DynamicData(nameof(Rows))]
    public void A_file_of_a_layer_opens_as_nodes_that_equal_it(LayerCase row)
    {
        var (emitted, _) = OnnxExporter.Emit(row.Build(), new ExportOptions());
        emitted.Proto.MetadataProps.Clear();
        var file = OnnxFileGuard.ReadBytes(emitted.Proto.ToByteArray(), row.Name, null, new OnnxFileLimits(), forEngine: true);
        var import = GraphImport.Run(file, new());
        Verifier.Run(import, VerifiedFile.Of(import.Proto, file), new ExportOptions { BatchSizes = [1, 3] });
    }
}
