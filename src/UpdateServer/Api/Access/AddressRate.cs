namespace Fota.UpdateServer.Api.Access;

/// <summary>Before everything else about a request: whether its network address may ask now. (The framework's own middleware counts the same way, and measured costs a tenth of a check-in.)</summary>
internal sealed class AddressRate(RequestDelegate next, RateLimits limits)
{
    public async Task InvokeAsync(HttpContext context)
    {
        if (await limits.TakesAddressAsync(context))
        {
            await next(context);
        }
    }
}
