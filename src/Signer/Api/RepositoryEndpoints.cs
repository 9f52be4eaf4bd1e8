using Fota.Manifest;
using Fota.Signer.Home;
using Fota.Signer.Repository;
using Fota.Signer.Service;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;

namespace Fota.Signer.Api;

/// <summary>What an approver's machine and an auditor read of the signer's repository. All of it is signed, or names what is.</summary>
internal static class RepositoryEndpoints
{
    public static void Map(RouteGroupBuilder api)
    {
        api.MapGet("/repository/state", State).WithName("repositoryState").WithSummary("Which metadata versions are current (state.json).").Produces<byte[]>(StatusCodes.Status200OK, "application/json");
        api.MapGet("/repository/metadata/{file}", Metadata).WithName("metadata").WithSummary("A metadata file by its name, for example 1.root.json.").Produces<byte[]>(StatusCodes.Status200OK, "application/json");
        api.MapGet("/repository/targets/{product}/{version}/{file}", Target).WithName("target").WithSummary("A published envelope by its consistent name, DIGEST.manifest.suit.").Produces<byte[]>(StatusCodes.Status200OK, "application/octet-stream");
        api.MapGet("/releases/{product}/{version}/evidence", EvidenceAsync).WithName("evidence").WithSummary("All that proves a published release, in one file.").Produces<byte[]>(StatusCodes.Status200OK, "application/octet-stream");
        api.MapGet("/health", (ServiceHealth health) => TypedResults.Ok(health.Report())).WithName("health").WithSummary("Tokens, and how long the roles are still good for.");
    }

    private static async Task<FileContentHttpResult> EvidenceAsync(string product, string version, SigningService service, CancellationToken cancellation) =>
        ProductName.TryParse(product, out ProductName? name) && ReleaseVersion.TryParse(version, out ReleaseVersion? release)
            ? TypedResults.File((await service.Desk.EvidenceAsync(name, release, cancellation)).Bundle, "application/octet-stream")
            : throw new ServiceRefusalException(ServiceRefusal.NotFound, "there is no such release");

    private static FileStreamHttpResult State(HomeFolder folder) => Serve(folder, RepositoryFolder.StateName, "application/json");

    private static FileStreamHttpResult Metadata(string file, HomeFolder folder) => Serve(folder, $"metadata/{Plain(file)}", "application/json");

    private static FileStreamHttpResult Target(string product, string version, string file, HomeFolder folder) => Serve(folder, $"targets/{Plain(product)}/{Plain(version)}/{Plain(file)}", "application/octet-stream");

    /// <summary>A name of one path segment: nothing of it leads out of the folder.</summary>
    private static string Plain(string name) => name.Length is >= 1 and <= 200 && name[0] != '.' && name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '+')
        ? name
        : throw new ServiceRefusalException(ServiceRefusal.NotFound, "there is no such file");

    private static FileStreamHttpResult Serve(HomeFolder folder, string relative, string type)
    {
        string path = new RepositoryFolder(folder.Repository).FullPath(relative);
        return File.Exists(path) ? TypedResults.File(File.OpenRead(path), type) : throw new ServiceRefusalException(ServiceRefusal.NotFound, "there is no such file");
    }
}
