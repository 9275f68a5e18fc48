set.seed(5); n <- 120
d2 <- data.frame(y=round(rnorm(n),3), x=round(rnorm(n),3), z=round(rnorm(n),3), g=factor(sample(1:12,n,TRUE)), h=sample(c("u","V","w"),n,TRUE), a=factor(sample(c("a1","a2","a3"),n,TRUE)), b=sample(c("b1","b2"),n,TRUE), o=factor(sample(1:4,n,TRUE),ordered=TRUE), num=sample(c(1L,2L,10L,5L),n,TRUE), s=sample(c("q","Q","r","10","9"),n,TRUE), lg=sample(c(TRUE,FALSE),n,TRUE), cls=factor(rep(c("k1","k2","k3","k4"),each=n/4)), grp2=factor(rep(1:12,each=n/12)))
d2$my.x <- d2$x*2; d2$x[3] <- NA; d2$h[7] <- NA; d2$lg[9] <- NA
write.csv(d2, "mixed_data.csv", row.names=FALSE)
