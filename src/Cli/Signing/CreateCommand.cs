using System.CommandLine;
using System.Text.Json;
using Fota.Manifest;

namespace Fota.Cli.Signing;

/// <summary>`fota release create`: announces a release by its digests, then sends its files.</summary>
internal static class CreateCommand
{
    public static Command Create()
    {
        ReleaseIdentity release = new();
        Option<uint> security = new("--security-version") { HelpName = "N", Description = "Compared with a device's floor; raise it only when older images must never boot again.", Required = true };
        Option<FileInfo> image = new("--image") { HelpName = "FILE", Description = "The image, for either slot; where --image-b is given, the one for slot A.", Required = true };
        Option<FileInfo?> imageB = new("--image-b") { HelpName = "FILE", Description = "The image for slot B, where each slot needs one of its own." };
        Option<FileInfo?> sbom = new("--sbom") { HelpName = "FILE", Description = "The software bill of materials (CycloneDX or SPDX, JSON)." };
        Option<string?> from = new("--installable-from") { HelpName = "RANGE", Description = "The installed versions from which it may be installed, for example \">=1.0.0 <2.0.0\" (default: any)." };
        Option<string?> gates = new("--override-gates") { HelpName = "GATES", Description = "For an emergency: the gates of devices that it may pass although they are closed, for example power,maintenance-window." };
        Option<string?> notes = new("--notes") { HelpName = "TEXT", Description = "What the release is, for people; signed with it." };
        Option<int> attempt = ServiceOptions.Attempt();
        Command command = new Command("create", "Asks for a release: sends images and bill of materials, and waits until the service has signed as its author.") { security, image, imageB, sbom, from, gates, notes, attempt }.WithService(release);
        command.SetAction(async (parsed, cancellation) =>
        {
            List<SentFile> files = [SentFile.Read("image-0", parsed.GetRequiredValue(image))];
            if (parsed.GetValue(imageB) is { } second)
            {
                files.Add(SentFile.Read("image-1", second));
            }

            Dictionary<string, object?> request = release.Begin(parsed, "release", parsed.GetValue(attempt));
            request["security_version"] = parsed.GetValue(security);
            request["images"] = files.Select(static file => file.Announce()).ToArray();
            request["installable_from"] = parsed.GetValue(from);
            request["override_gates"] = parsed.GetValue(gates);
            request["notes"] = parsed.GetValue(notes);
            if (parsed.GetValue(sbom) is { } bill)
            {
                files.Add(SentFile.Read("sbom", bill));
                request["sbom"] = files[^1].Announce();
            }

            using ServiceClient client = ServiceOptions.Connect(parsed);
            JsonElement answer = await client.PostAsync("api/v1/requests", request.Where(static member => member.Value is not null).ToDictionary(), cancellation);
            string id = answer.GetProperty("id").GetString()!;
            foreach (string missing in answer.GetProperty("missing").EnumerateArray().Select(static name => name.GetString()!).ToArray())
            {
                answer = await files.First(file => string.Equals(file.Name, missing, StringComparison.Ordinal)).SendAsync(client, id, cancellation);
            }

            answer = await Preparation.WaitAsync(client, answer, cancellation);
            ReleaseCommands.Print(parsed, answer);
            if (answer.GetProperty("state").ValueEquals("failed"))
            {
                throw new CommandFailedException($"the service could not make a draft: {answer.GetProperty("outcome").GetString()}");
            }

            if (!parsed.GetValue(ServiceOptions.AsJson) && answer.GetProperty("state").ValueEquals("pending"))
            {
                Output.Line($"next: fota release approve --home HOME --product {parsed.GetRequiredValue(release.Product)} --version {parsed.GetRequiredValue(release.Version)} --manifest-digest {answer.GetProperty("manifest_digest").GetString()}");
            }
        });
        return command;
    }
}

/// <summary>A file that is sent beside a request.</summary>
/// <param name="Name">What the service calls it.</param>
/// <param name="File">Where it is.</param>
/// <param name="Digest">Its SHA-256.</param>
internal sealed record SentFile(string Name, FileInfo File, Sha256Digest Digest)
{
    /// <summary>Hashes a file.</summary>
    public static SentFile Read(string name, FileInfo file)
    {
        using FileStream content = file.OpenRead();
        return new SentFile(name, file, Sha256Digest.Of(content));
    }

    /// <summary>How a request announces it.</summary>
    public Dictionary<string, object> Announce() => new(StringComparer.Ordinal) { ["digest"] = Digest.ToString(), ["size"] = File.Length };

    /// <summary>Sends it.</summary>
    public async Task<JsonElement> SendAsync(ServiceClient client, string request, CancellationToken cancellation)
    {
        await using FileStream content = File.OpenRead();
        using StreamContent body = new(content);
        body.Headers.ContentType = new("application/octet-stream");
        return await client.PutAsync($"api/v1/requests/{request}/content/{Name}", body, cancellation);
    }
}
