using System.Text.Json;

namespace OnnxFunctional.Training.Profiling;

/// <summary>Writes a profile in the trace event format: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU.</summary>
internal static class ProfileTrace
{
    public static void Write(ProfileReport report, Stream stream)
    {
        using var json = new Utf8JsonWriter(stream);
        json.WriteStartObject();
        json.WriteString("displayTimeUnit", "ms");
        json.WriteStartArray("traceEvents");
        var ends = new double[report.Kernels.Count + 1];
        for (var i = 0; i < report.Kernels.Count; i++) ends[i + 1] = ends[i] + (1000 * report.Kernels[i].Milliseconds);
        Around(kernel => kernel.Phase, phase => phase.ToString());
        Around(kernel => (kernel.Phase, kernel.Layer), run => run.Layer);
        for (var i = 0; i < report.Kernels.Count; i++) Event(report.Kernels[i].Name, i, i + 1, report.Kernels[i]);
        json.WriteEndArray();
        json.WriteEndObject();

        // Kernels of one kind that run one after the other have an event around them.
        void Around<T>(Func<KernelProfile, T> kind, Func<T, string> name) where T : struct
        {
            for (var first = 0; first < report.Kernels.Count;)
            {
                var own = kind(report.Kernels[first]);
                var next = first + 1;
                while (next < report.Kernels.Count && kind(report.Kernels[next]).Equals(own)) next++;
                Event(name(own), first, next, null);
                first = next;
            }
        }

        void Event(string name, int first, int next, KernelProfile? kernel)
        {
            json.WriteStartObject();
            json.WriteString("name", name);
            json.WriteString("cat", report.Kernels[first].Phase.ToString());
            json.WriteString("ph", "X");
            json.WriteNumber("ts", ends[first]);
            json.WriteNumber("dur", ends[next] - ends[first]);
            json.WriteNumber("pid", 1);
            json.WriteNumber("tid", 1);
            if (kernel is not null)
            {
                json.WriteStartObject("args");
                json.WriteString("layer", kernel.Layer);
                json.WriteNumber("operations", kernel.Operations);
                json.WriteNumber("bytes", kernel.Bytes);
                json.WriteNumber("roofline", kernel.RooflineShare);
                json.WriteEndObject();
            }

            json.WriteEndObject();
        }
    }
}
