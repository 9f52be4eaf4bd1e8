using System.Text.Json;
using Fota.TestKit;

namespace Fota.EndToEnd.Tests.Roles;

/// <summary>npm's tuf-js (tests/tuf-js), a client that shares no line with ours. Its folder remembers from run to run what it trusted.</summary>
internal sealed class TufJs(string folder, string trustedRoot)
{
    /// <summary>Refreshes, and downloads targets.</summary>
    /// <param name="address">The repository's address.</param>
    /// <param name="now">What its clock shows; null for the truth.</param>
    /// <param name="targets">Paths.</param>
    public async Task<TufJsOutcome> UpdateAsync(string address, DateTimeOffset? now, params string[] targets)
    {
        string[] clock = now is { } time ? ["--now", time.ToString("O")] : [];
        ProgramRun run = await ProgramRun.OfFileAsync(
            "/usr/bin/env",
            null,
            ["node", RepositoryRoot.Path("tests", "tuf-js", "client.js"), "--metadata-url", address + "/metadata", "--target-url", address + "/targets", "--directory", folder, "--root", trustedRoot, .. clock, .. targets]);
        Assert.That(run.ExitCode, Is.EqualTo(0).Or.EqualTo(1), run.Error);
        JsonElement said = JsonSerializer.Deserialize<JsonElement>(run.Output);
        return run.ExitCode == 0
            ? new TufJsOutcome(
                null,
                "",
                said.GetProperty("versions").EnumerateObject().ToDictionary(static file => file.Name, static file => file.Value.GetInt64(), StringComparer.Ordinal),
                said.GetProperty("downloaded").EnumerateObject().ToDictionary(static target => target.Name, static target => File.ReadAllBytes(target.Value.GetString()!), StringComparer.Ordinal))
            : new TufJsOutcome(said.GetProperty("error").GetString(), said.GetProperty("message").GetString()!, new Dictionary<string, long>(StringComparer.Ordinal), new Dictionary<string, byte[]>(StringComparer.Ordinal));
    }
}

/// <summary>What it did: refused with one of its own error classes, or the versions that it trusts and what it downloaded.</summary>
internal sealed record TufJsOutcome(string? Error, string Message, IReadOnlyDictionary<string, long> Versions, IReadOnlyDictionary<string, byte[]> Downloaded);
