using System.Text.Encodings.Web;
using System.Text.Json;

namespace Fota.UpdateServer.Audit;

/// <summary>How values that are lists are written into a fact.</summary>
internal static class LogText
{
    /// <summary>As short as JSON can say it: a fact is text inside of JSON already, and no page of HTML.</summary>
    public static JsonSerializerOptions Json { get; } = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
