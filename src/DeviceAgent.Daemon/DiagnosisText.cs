using System.Text;
using System.Text.Json;
using Fota.DeviceAgent.Diagnosing;

namespace Fota.DeviceAgent.Daemon;

/// <summary>A diagnosis as text.</summary>
internal static class DiagnosisText
{
    public static string ForPeople(IReadOnlyList<Finding> findings)
    {
        int width = findings.Max(static finding => finding.Part.Length);
        IEnumerable<string> lines = findings.Select(finding => $"{Mark(finding.State),-5}  {finding.Part.PadRight(width)}  {finding.Detail}");
        int wrong = findings.Count(static finding => finding.State == FindingState.Wrong);
        return string.Join('\n', [.. lines, wrong == 0 ? $"{findings.Count} parts looked at, nothing wrong" : $"{findings.Count} parts looked at, {wrong} wrong"]);
    }

    public static string Json(IReadOnlyList<Finding> findings)
    {
        using MemoryStream buffer = new();
        using (Utf8JsonWriter json = new(buffer))
        {
            json.WriteStartObject();
            json.WriteBoolean("healthy", findings.All(static finding => finding.State != FindingState.Wrong));
            json.WriteStartArray("findings");
            foreach (Finding finding in findings)
            {
                json.WriteStartObject();
                json.WriteString("part", finding.Part);
                json.WriteString("state", finding.State.ToString().ToLowerInvariant());
                json.WriteString("detail", finding.Detail);
                json.WriteEndObject();
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.ToArray());
    }

    private static string Mark(FindingState state) => state switch
    {
        FindingState.Good => "ok",
        FindingState.Notable => "note",
        _ => "WRONG",
    };
}
