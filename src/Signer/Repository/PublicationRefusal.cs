using System.Net;
using System.Text.Json;
using Fota.Manifest;

namespace Fota.Signer.Repository;

/// <summary>Why a server did not take a publication, in its own words.</summary>
internal sealed record PublicationRefusal(HttpStatusCode Status, string? Reason, string Text)
{
    private static readonly string[] s_members = ["reason", "title", "detail"];

    /// <summary>Whether the server lacks a file: one that was not sent, or one that it had and lost.</summary>
    public bool IsMissingContent => Status == HttpStatusCode.UnprocessableEntity && Reason is nameof(RejectionReason.MissingField) or nameof(RejectionReason.LogIncomplete);

    /// <summary>Reads a problem document; one that says nothing is a refusal all the same.</summary>
    public static PublicationRefusal Read(HttpStatusCode status, byte[] body)
    {
        try
        {
            using JsonDocument problem = JsonDocument.Parse(body);
            string?[] said = [.. s_members.Select(name => problem.RootElement.TryGetProperty(name, out JsonElement value) ? value.ToString() : null)];
            return new PublicationRefusal(status, said[0], $"{(int)status} {string.Join(": ", said.Where(static text => !string.IsNullOrEmpty(text)))}");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return new PublicationRefusal(status, null, $"{(int)status} (without a reason)");
        }
    }
}
