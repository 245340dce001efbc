using System.Globalization;
using System.Text.Json;

namespace OnnxFunctional.Benchmarks;

/// <summary>One line of the table.</summary>
internal sealed record Row(
    string Name,
    string Mode,
    double OursMs,
    double? PeerMs,
    double? Ratio,
    double Gflops,
    double PeakShare,
    double OursMb,
    double? PeerMb,
    long AllocatedBytes,
    double ArenaMb,
    double ValuesMb)
{
    public static string Header { get; } =
        $"{"case",-12} {"mode",-8} {"ours ms",9} {"torch ms",9} {"ratio",6} {"GFLOP/s",8} {"of peak",8} "
        + $"{"ours MB",8} {"torch MB",9} {"B/step",7} {"arena MB",9} {"values MB",10}";

    public string Text() =>
        string.Create(CultureInfo.InvariantCulture, $"{Name,-12} {Mode,-8} {OursMs,9:F3} {PeerMs,9:F3} {Ratio,6:F2} {Gflops,8:F1} {PeakShare,8:P0} ")
        + string.Create(CultureInfo.InvariantCulture, $"{OursMb,8:F0} {PeerMb,9:F0} {AllocatedBytes,7} {ArenaMb,9:F1} {ValuesMb,10:F1}");

    public void Write(Utf8JsonWriter writer)
    {
        writer.WriteStartObject();
        writer.WriteString("case", Name);
        writer.WriteString("mode", Mode);
        writer.WriteNumber("ours_ms", OursMs);
        Optional("peer_ms", PeerMs);
        Optional("ratio", Ratio);
        writer.WriteNumber("gflops", Gflops);
        writer.WriteNumber("peak_share", PeakShare);
        writer.WriteNumber("ours_mb", OursMb);
        Optional("peer_mb", PeerMb);
        writer.WriteNumber("allocated_bytes_per_step", AllocatedBytes);
        writer.WriteNumber("arena_mb", ArenaMb);
        writer.WriteNumber("values_mb", ValuesMb);
        writer.WriteEndObject();

        void Optional(string name, double? value)
        {
            if (value is { } number) writer.WriteNumber(name, number);
            else writer.WriteNull(name);
        }
    }
}
