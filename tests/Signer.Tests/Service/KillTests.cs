using System.Diagnostics;
using Fota.Manifest;
using Fota.Signer.Journal;
using Fota.TestKit;

namespace Fota.Signer.Tests.Service;

/// <summary>kill -9 of the real program, at each step of a request.</summary>
[TestFixture]
public sealed class KillTests
{
    private static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    [Test]
    [Proves("S-8")]
    public async Task A48_Killed_service_loses_no_request_and_signs_none_twice()
    {
        await using ServiceWorld world = await ServiceWorld.CreateAsync(start: false);
        await world.WriteSettingsAsync();
        string id = "";
        await UntilKilledAsync(world, async () => id = (await world.PostAsync("ci", "requests", world.ReleaseOf("1.0.0"))).Ok().Id);
        await UntilKilledAsync(world, async () => (await world.PutAsync("ci", $"requests/{id}/content/image-0", await File.ReadAllBytesAsync(world.Signer.Image("1.0.0")))).Ok());

        // While it compresses and signs, wherever it has come to by then.
        await UntilKilledAsync(world, async () => (await world.GetAsync("auditor", $"requests/{id}")).Ok());
        Answer pending = new(0, default);
        await UntilKilledAsync(world, async () =>
        {
            pending = await world.UntilAsync(id, "pending");
            (await world.SignAsync(pending)).Ok();
        });
        string roles = Path.Combine(world.Signer.HomeFolder.DraftOf(ProductName.Parse(SignerWorld.Product), pending.ReleaseVersion), "roles");
        await UntilKilledAsync(world, async () => await AtAsync(world.PostAsync("bo", $"requests/{id}/approval", await File.ReadAllTextAsync(world.Signer.PathOf("approval.json"))), () => Directory.Exists(roles)));
        await UntilKilledAsync(world, async () =>
        {
            Answer request = (await world.GetAsync("bo", $"requests/{id}")).Ok();
            if (request.State == "pending")
            {
                (await world.SignAsync(request)).Ok();
                (await world.PostAsync("bo", $"requests/{id}/approval", await File.ReadAllTextAsync(world.Signer.PathOf("approval.json")))).Ok();
            }

            await AtAsync(world.PostAsync("ci", $"requests/{id}/publication", ""), () => Directory.Exists(Path.Combine(world.Signer.HomeFolder.Repository, "targets", SignerWorld.Product)));
        });
        await UntilKilledAsync(world, async () =>
        {
            // It may have been installed before the kill, and is then found to be so at the start.
            await world.UntilAsync(id, "approved", "published");
            Answer published = await world.PostAsync("ci", $"requests/{id}/publication", "");
            Assert.That(published.Status == 200 ? published.State : (await world.UntilAsync(id, "published")).State, Is.EqualTo("published"));
        });

        (await world.Signer.OnlineAsync()).Ok();
        Assert.That(Client.Manifest(world.Signer, "1.0.0").Digest.ToString(), Is.EqualTo(pending.ManifestDigest));
        string journal = (await world.Signer.RunAsync("journal", "--home", world.Signer.Home)).Ok().Output;
        string[] manifests = [.. journal.Split('\n').Where(static line => line.Contains(nameof(SigningPurpose.SuitManifest), StringComparison.Ordinal))];
        Assert.That(manifests.Count(static line => line.Contains("signed", StringComparison.OrdinalIgnoreCase)), Is.EqualTo(1), journal);
    }

    /// <summary>Starts the program, does something, and kills it.</summary>
    private static async Task UntilKilledAsync(ServiceWorld world, Func<Task> act)
    {
        ProcessStartInfo start = new("dotnet", [Path.Combine(AppContext.BaseDirectory, "Fota.Signer.dll"), "serve", "--home", world.Signer.Home, "--config", world.SettingsFile]) { RedirectStandardOutput = true, UseShellExecute = false };
        using Process process = Process.Start(start)!;
        try
        {
            using CancellationTokenSource limit = new(s_patience);
            string? line = await process.StandardOutput.ReadLineAsync(limit.Token);
            while (line?.StartsWith("listening on ", StringComparison.Ordinal) == false)
            {
                line = await process.StandardOutput.ReadLineAsync(limit.Token);
            }

            world.Address = new Uri(line!["listening on ".Length..]);
            await act();
        }
        finally
        {
            process.Kill();
            await process.WaitForExitAsync();
            world.Disconnect();
        }
    }

    /// <summary>Goes on as soon as the condition holds, whatever comes of the request.</summary>
    private static async Task AtAsync(Task<Answer> request, Func<bool> condition)
    {
        using CancellationTokenSource limit = new(s_patience);
        while (!condition() && !request.IsCompleted)
        {
            await Task.Delay(1, limit.Token);
        }

        _ = request.ContinueWith(static ended => _ = ended.Exception, TaskScheduler.Default);
    }
}
