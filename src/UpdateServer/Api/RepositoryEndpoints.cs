using Fota.UpdateServer.Artifacts;
using Fota.UpdateServer.Releases;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Fota.UpdateServer.Api;

/// <summary>
/// The repository, for anyone: everything in it proves itself. A request names a published path or nothing; no part of it ever becomes a file name, so
/// there is nothing to traverse (A15, A53).
/// </summary>
internal static class RepositoryEndpoints
{
    private const string Forever = "public, max-age=31536000, immutable";
    private const string Revalidate = "no-cache";

    public static void Map(IEndpointRouteBuilder app) =>
        app.MapMethods("/repo/{**path}", [HttpMethods.Get, HttpMethods.Head], Get);

    private static Results<PhysicalFileHttpResult, ProblemHttpResult> Get(string? path, HttpResponse response, RepositoryFiles files, ContentStore content)
    {
        // Content that somebody removed is not found, as what was never there: the client takes another way, or comes again.
        if (!RepositoryPath.TryParse(path, out RepositoryPath? parsed) || files.Find(parsed) is not { } file || !content.Has(file.Digest))
        {
            response.Headers.CacheControl = Revalidate; // the next root or timestamp may be there in a moment
            return Problems.OfStatus(StatusCodes.Status404NotFound, "no published file has this path");
        }

        response.Headers.CacheControl = parsed.IsMutable ? Revalidate : Forever;
        return TypedResults.PhysicalFile(
            content.PathOf(file.Digest),
            ContentTypeOf(parsed.Kind),
            enableRangeProcessing: true,
            entityTag: new EntityTagHeaderValue($"\"{file.Digest}\""));
    }

    private static string ContentTypeOf(RepositoryFile kind) => kind switch
    {
        RepositoryFile.Manifest => "application/suit-envelope+cose",
        RepositoryFile.ChunkTable => "application/cbor",
        RepositoryFile.Pack => "application/octet-stream",
        _ => "application/json",
    };
}
