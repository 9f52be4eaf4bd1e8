using System.Text;
using Fota.Manifest;
using Fota.Manifest.Log;
using Fota.UpdateServer.Audit;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;

namespace Fota.UpdateServer.Api;

/// <summary>The server's log (docs/spec/server-log.md): its files for auditors, its head for the signer, and checkpoints that the signer signed.</summary>
internal static class AuditEndpoints
{
    private const int MaxCheckpointBytes = 16 * 1024;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/audit/tree-head", Head);
        api.MapPost("/audit/checkpoints", Take).WithMetadata(new RequestSizeLimitAttribute(MaxCheckpointBytes));
        api.MapGet("/audit/log/{**path}", Read);
    }

    private static Results<Ok<TreeHeadView>, ProblemHttpResult> Head(AuditLog log, HttpContext context, long from = 0)
    {
        context.Response.Headers.CacheControl = "no-store";
        return Answer(() => TreeHeadView.Of(log.Head(from)));
    }

    private static Results<Ok<CheckpointView>, ProblemHttpResult> Take(CheckpointRequest request, AuditLog log, ILogger<AuditLog> logger) => Answer(() =>
    {
        VerifiedCheckpoint taken = log.Take(NoteKey.Parse(request.Vkey), Encoding.UTF8.GetBytes(request.Checkpoint));
        Log.CheckpointTaken(logger, taken.Content.Origin, taken.Content.Size);
        return new CheckpointView(taken.Content.Origin, taken.Content.Size);
    });

    private static Results<FileContentHttpResult, ProblemHttpResult> Read(string path, AuditLog log, HttpContext context, ILogger<AuditLog> logger)
    {
        byte[]? file;
        try
        {
            file = log.Read(path);
        }
        catch (RejectedException e)
        {
            // Somebody took entries out of the store. Whoever reads the log is told so, and so is whoever runs this server.
            Log.EntriesMissing(logger, e.Rejection.Detail);
            return Problems.Of(StatusCodes.Status500InternalServerError, e.Rejection.Reason.ToString(), e.Rejection.Detail);
        }

        if (file is null)
        {
            return Problems.OfStatus(StatusCodes.Status404NotFound, "the log has no such file that is signed for");
        }

        // What a place in a tree holds never changes. Private: who may read it is asked of each, and a cache that many share does not know that.
        bool isCheckpoint = path == ITileSource.Checkpoint;
        context.Response.Headers.CacheControl = isCheckpoint ? "no-cache" : "private, max-age=31536000, immutable";
        return TypedResults.Bytes(file, isCheckpoint ? "text/plain; charset=utf-8" : "application/octet-stream");
    }

    private static Results<Ok<T>, ProblemHttpResult> Answer<T>(Func<T> answer)
    {
        try
        {
            return TypedResults.Ok(answer());
        }
        catch (RejectedException e)
        {
            bool isConflict = e.Rejection.Reason is RejectionReason.LogTruncated or RejectionReason.LogSplitView;
            return Problems.Of(isConflict ? StatusCodes.Status409Conflict : StatusCodes.Status400BadRequest, e.Rejection.Reason.ToString(), e.Rejection.Detail);
        }
        catch (UnknownSignerException e)
        {
            return Problems.Of(StatusCodes.Status409Conflict, ProblemCodes.UnknownSigner, e.Message);
        }
    }
}

/// <summary>A checkpoint that the signer signed, and by which key.</summary>
internal sealed record CheckpointRequest(string Vkey, string Checkpoint);

/// <summary>What was taken.</summary>
internal sealed record CheckpointView(string Origin, long Size);

/// <summary>The tree of the log; hashes in lower-case hexadecimal.</summary>
internal sealed record TreeHeadView(long Size, string Root, IReadOnlyList<string> Proof)
{
    public static TreeHeadView Of(TreeHead head) => new(head.Size, head.Root.ToString(), [.. head.Proof.Select(static hash => hash.ToString())]);
}
