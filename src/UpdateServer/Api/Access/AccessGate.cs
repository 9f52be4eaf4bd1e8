using Fota.UpdateServer.Devices;
using Fota.UpdateServer.People;
using Microsoft.AspNetCore.Authentication;

namespace Fota.UpdateServer.Api.Access;

/// <summary>
/// Stands before every endpoint and lets through whom the table names. Whoever is nobody here learns nothing of this API, also not what there is of it: what is
/// not there is then answered like what is.
/// </summary>
internal sealed class AccessGate(RequestDelegate next, RateLimits limits)
{
    public async Task InvokeAsync(HttpContext context)
    {
        AccessRow? row = context.GetEndpoint()?.Metadata.OfType<AccessRow>().FirstOrDefault(r => r.Method == context.Request.Method);
        if (row is null ? await MayKnowAsync(context) : await MayEnterAsync(context, row))
        {
            await next(context);
        }
    }

    private async Task<bool> MayEnterAsync(HttpContext context, AccessRow row)
    {
        switch (row.Audience)
        {
            case Audience.Anyone:
                return true;
            case Audience.Device:
                return await IsDeviceAsync(context, DeviceAuthentication.SchemeName);
            case Audience.RenewingDevice:
                return await IsDeviceAsync(context, DeviceAuthentication.ReenrolmentScheme);
            case Audience.Person:
                return await IsPersonAsync(context) && await HasRoleAsync(context, row);
            default:
                throw new InvalidOperationException($"{row.Method} {row.Pattern} is for nobody");
        }
    }

    private static async Task<bool> HasRoleAsync(HttpContext context, AccessRow row)
    {
        Caller caller = context.Features.Get<Caller>()!;
        if (row.Roles == Role.None)
        {
            return true;
        }

        Caller judged = caller.As(row.Roles);
        if (judged.Grants.Count == 0)
        {
            await Problems.Forbidden($"wanted one of the roles {string.Join(", ", RoleNames.NamesOf(row.Roles))}").ExecuteAsync(context);
            return false;
        }

        if (row.Scope == ScopeRule.Whole && !judged.IsWhole)
        {
            await Problems.OutOfScope("wanted a role over all products and sites").ExecuteAsync(context);
            return false;
        }

        context.Features.Set(judged);
        return true;
    }

    private async Task<bool> IsDeviceAsync(HttpContext context, string scheme) =>
        await IsAsync(context, scheme) && await limits.TakesDeviceAsync(context, context.Features.Get<DeviceIdentity>()!.Device.ToString());

    private async Task<bool> IsPersonAsync(HttpContext context)
    {
        if (!await IsAsync(context, OperatorAuthentication.SchemeName))
        {
            return false;
        }

        Caller caller = context.Features.Get<Caller>()!;
        return await limits.TakesPersonAsync(context, $"{caller.Kind} {caller.Credential}");
    }

    private static async Task<bool> IsAsync(HttpContext context, string scheme)
    {
        AuthenticateResult result = await context.AuthenticateAsync(scheme);
        if (!result.Succeeded)
        {
            await context.ChallengeAsync(scheme);
        }

        return result.Succeeded;
    }

    /// <summary>What is under no row: an unknown path, or a path with another method.</summary>
    private static async Task<bool> MayKnowAsync(HttpContext context)
    {
        if (!context.Request.Path.StartsWithSegments("/api", StringComparison.OrdinalIgnoreCase)
            || (await context.AuthenticateAsync(OperatorAuthentication.SchemeName)).Succeeded
            || (await context.AuthenticateAsync(DeviceAuthentication.SchemeName)).Succeeded)
        {
            return true;
        }

        await context.ChallengeAsync(OperatorAuthentication.SchemeName);
        return false;
    }
}
